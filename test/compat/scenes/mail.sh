# shellcheck shell=bash disable=SC2154,SC2016
#seconds: 60
#conf: MailProg=/home/hooks/mail;MailDomain=example.org
# Mail: of what, to whom, with which words, and what the program is told.
mkdir -p /home/hooks/out
chmod 1777 /home/hooks/out
out=/home/hooks/out
cat >/home/hooks/mail <<'H'
#!/bin/bash
exec 9>>/home/hooks/out/lock
/usr/bin/flock 9
n=$(/bin/ls /home/hooks/out | /bin/grep -c "^$SLURM_JOB_ID\.")
{
	printf '<%s>\n' "$@"
	/usr/bin/wc -c
	/usr/bin/env | /usr/bin/grep -E '^SLURM' | LC_ALL=C /usr/bin/sort
} >/home/hooks/out/$SLURM_JOB_ID.$n.new
/bin/mv /home/hooks/out/$SLURM_JOB_ID.$n.new /home/hooks/out/$SLURM_JOB_ID.$n
H
chmod 755 /home/hooks/mail
# ID COUNT: waits for so many mails, and shows them; times differ.
mails() {
	local i
	for ((i = 0; i < $2; i++)); do
		until_true 40 test -e "$out/$1.$i" && c "sed -E 's/([0-9]+-)?[0-9]+:[0-9][0-9]:[0-9][0-9]/TIME/; s/(NODELIST=worker-)[1-3]/\1N/' $out/$1.$i"
	done
}
none() { c "ls $out | grep -c '^$1\.'"; }
sub limit -J limit -t 1 --mail-type=TIME_LIMIT_50,END -w worker-3 -o /dev/null --wrap "'sleep 300'"
sub good -J good --mail-type=ALL -o /dev/null --comment c --wrap true
mails "$good" 2
sub bad -J bad --mail-type=BEGIN,END --mail-user=bob@else.where -n1 -o /dev/null --wrap "'exit 3'"
mails "$bad" 1
sub fails -J fails --mail-type=FAIL --mail-user=root -o /dev/null --wrap "'kill -9 \$\$'"
mails "$fails" 1
sub ends -J ends --mail-type=END --mail-user=root,bob@x -o /dev/null --wrap "'srun true; exit 0'"
mails "$ends" 1
sub quietly -J quietly --mail-type=FAIL -o /dev/null --wrap true
state "$quietly" CD
sub nobody -J nobody --mail-user=root -o /dev/null --wrap true
state "$nobody" CD
sub stops -J stops --mail-type=ALL -o /dev/null --wrap "'sleep 100'"
state "$stops" R
c "scancel $stops"
mails "$stops" 1
until_true 40 test -e "$out/$stops.1"
c "sed -E 's/[0-9]+:[0-9][0-9]:[0-9][0-9]/TIME/' $out/$stops.1 | grep -v EXIT_CODE"
sub pend -J pend --mail-type=ALL -H -o /dev/null --wrap true
c "scancel $pend"
mails "$pend" 1
sub again -J again --mail-type=ALL -o /dev/null --wrap "'sleep 100'"
state "$again" R
c "scontrol requeue $again"
mails "$again" 2
c "scancel $again"
sub lost -J lost --mail-type=INVALID_DEPEND,END -d "afternotok:$good" -o /dev/null --wrap true
mails "$lost" 1
c "scancel $lost"
tasks() { ids "$1" "$(sbatch --parsable -J "$1" -o /dev/null "${@:2}")"; }
tasks arr -a 1-3 --mail-type=ALL --wrap 'exit $SLURM_ARRAY_TASK_ID'
mails "$arr" 2
tasks mix -a 1-2 --mail-type=END,FAIL --wrap 'exit $((SLURM_ARRAY_TASK_ID - 1))'
mails "$mix" 1
tasks fine -a 1-2 --mail-type=END,FAIL --wrap true
mails "$fine" 1
# Of each task, and of what is no batch job.
of() {
	until_true 40 _there "$1" "$2"
	c "cd $out; cat \$(grep -l 'Name=$1' 4*) | grep -h '^<' | sed -E 's/[0-9]+:[0-9]+:[0-9]+/TIME/; s/_([12]) .[0-9]+./_\1/' | sort"
}
_there() { [[ $(cd "$out" && grep -l "Name=$1" 4* | grep -vc new) == "$2" ]]; }
tasks each -a 1-2%1 --mail-type=END,FAIL,ARRAY_TASKS --wrap 'exit $((SLURM_ARRAY_TASK_ID - 1))'
of each 2
c "srun -J step --mail-type=END true"
of step 1
c "salloc -J alloc --mail-type=BEGIN,END sh -c 'exit 2' 2>/dev/null"
of alloc 1
for id in "$quietly" "$nobody" "$bad"; do none "$id"; done
sub shown -J shown -H --mail-type=TIME_LIMIT,TIME_LIMIT_80,END -o /dev/null --wrap true
c "scontrol show job $shown | grep -i mail"
c "scontrol update jobid=$shown mailtype=FAIL mailuser=bob; scontrol show job $shown | grep -i mail"
c "scontrol update jobid=$shown mailtype=TIME_LIMIT_90,REQUEUE; scontrol show job $shown | grep -i mail"
c "scontrol update jobid=$shown mailtype=all; scontrol show job $shown | grep -i mail"
c "scontrol update jobid=$shown mailtype=x"
c "scontrol update jobid=$shown mailtype=NONE; scontrol show job $shown | grep -i mail"
c "sbatch --mail-type=x -H --wrap true"
sub odd --mail-type=END,x -H --wrap true
c "scontrol show job $odd | grep -i mail"
sub off --mail-type=END,NONE -H --wrap true
c "scontrol show job $off | grep -i mail"
sub empty --mail-type=END --mail-user= -H --wrap true
c "scontrol show job $empty | grep -i mail"
mails "$limit" 1
clear_
