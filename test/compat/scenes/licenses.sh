#conf: Licenses=fluent:4,matlab,ansys:2;KillWait=8;MinJobAge=300
# shellcheck shell=bash disable=SC2154,SC2016 # $ is sed's
# Licences: what there is, who has them and until when, who waits for them, what is said of requests for them.
file=/etc/slurm/slurm.conf
cp $file before
left() { c "scontrol -o show licenses"; }
asks() { c "scontrol show job $1 | grep -oE '(JobState|Reason|Licenses|TRES)=[^ ]*'"; }
again() { # SED-SCRIPT
	sed "$1" before >$file
	r "scontrol reconfigure"
	left
}
c "scontrol show licenses"
c "scontrol show license"
c "scontrol show lic"
left
c "scontrol show licenses matlab"
c "scontrol show licenses=fluent"
c "scontrol -o show licenses ansys"
c "scontrol show licenses nosuch"
c "scontrol show licenses FLUENT"
c "scontrol show licenses fluent,matlab"
c "scontrol show licenses fluent matlab"
c "scontrol -Q show licenses nosuch"
c "scontrol show config | grep ^Licenses"
# Mistakes and forms of requests.
for what in nosuch fluent:5 fluent:4 fluent:0 fluent: fluent:x fluent:-1 fluent:+1 fluent:1.5 fluent:99999999999 fluent:1:1 fluent=2 'fluent*2' FLUENT fluent,fluent fluent:2,fluent:2 \
	fluent:3,fluent:3 fluent,nosuch 'fluent matlab' 'fluent, matlab' ' fluent' fluent, ,fluent , :2 'fluent;matlab' 'fluent|matlab' fluent@db 'fluent@db:2' fluent:2k fluent:0x2 'fluent :1' 'fluent: 1'; do
	c "id=\$(sbatch --parsable -H -L '$what' -o /dev/null --wrap true) && squeue -h -j \$id -o '%W %r' && scontrol show job \$id | grep -oE 'Licenses=.* Network'"
done
c "sbatch -H -L '' -o /dev/null --wrap true | sed 's/[0-9]*\$//'"
c "sbatch -H --licenses -o /dev/null --wrap true"
c "sbatch --test-only -L fluent:9 --wrap true"
c "srun -L nosuch true"
c "salloc -L fluent:5 true"
clear_
# Who has them.
sub first -J first -L fluent:3,matlab -t 10 -N1 -o /dev/null --wrap "'exec sleep 600'"
state "$first" R
left
asks "$first"
c "squeue -h -j $first -o '%W|%i %t'; squeue -h -j $first -O Licenses,JobID"
sub wait -J wait -L fluent:2 -t 10 -N1 -o /dev/null --wrap "'exec sleep 600'"
reason "$wait" Licenses
asks "$wait"
c "squeue -h -j $wait -o '%t %r %R'"
# Who needs none, or fewer, passes.
sub pass -J pass -L fluent:1 -t 20 -N1 -o /dev/null --wrap "'exec sleep 600'"
state "$pass" R
sub none -J none -t 20 -N1 -o /dev/null --wrap "'exec sleep 600'"
state "$none" R
left
c "squeue -h -o '%j %t %r %W' -S j"
for names in fluent matlab ansys fluent,matlab nosuch fluent:3 FLUENT flu ''; do c "squeue -h -o '%j' -S j -L '$names'"; done
c "SQUEUE_LICENSES=matlab squeue -h -o %j"
c "squeue --licenses"
# Suspended, it keeps them; requeued or ending, it gives them back.
r "scontrol suspend $first"
state "$first" S
left
c "squeue -h -j $wait -o '%t %r'"
r "scontrol resume $first"
state "$first" R
left
quiet "scancel $pass $none"
state "$pass" CA
left
c "squeue -h -j $wait -o '%t %r'"
r "scontrol requeuehold $first"
state "$wait" R
left
quiet "scancel $wait"
state "$wait" CA
sub slow -J slow -L ansys:2 -N1 -t 10 -o /dev/null --wrap '"trap : TERM; touch ready; while :; do sleep 1; done"'
state "$slow" R
until_true 30 test -e ready
quiet "scancel $slow"
state "$slow" CG
left
sub next -J next -L ansys:2 -N1 -t 10 -w worker-3 -o /dev/null --wrap "'exec sleep 600'"
state "$next" R
left
clear_
# An update.
sub one -J one -L fluent:2 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
state "$one" R
sub two -J two -L fluent:3 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
reason "$two" Licenses
for what in fluent:5 nosuch ansys,matlab ''; do
	c "scontrol update jobid=$two licenses=$what"
	quiet "scontrol update jobid=$two priority=0"
	[[ $what ]] || differs "a text that was cleared is not there"
	c "scontrol show job $two | grep -oE 'Licenses=[^ ]*'"
done
for what in fluent:4 fluent:5 nosuch matlab ''; do
	c "scontrol update jobid=$one licenses=$what"
	r "scontrol update jobid=$one licenses=$what"
	[[ $what ]] || differs "a text that was cleared is not there"
	c "scontrol show job $one | grep -oE 'Licenses=[^ ]*'"
	left
done
b "scontrol update jobid=$two licenses=matlab"
clear_
c "scontrol update jobid=$one licenses=matlab"
# An array: each task has its own. In a job srun needs none.
sub arr -J arr -a 1-3 -L ansys -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
state "${arr}_2" R
reason "${arr}_3" Licenses
left
c "squeue -h -j $arr -o '%K %t %r %W' -r | sort"
clear_
c "srun -L matlab:1 scontrol -o show licenses matlab"
c "salloc -Q -L matlab srun -L nosuch true"
c "srun -L matlab env | grep -E 'LIC|SLURM_JOB_NAME'"
idle
# Another configuration.
sub keep -J keep -L fluent:3 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
state "$keep" R
sub over -J over -L fluent:4 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
reason "$over" Licenses
again 's/^Licenses=.*/Licenses=fluent:2,more:7/'
c "squeue -h -o '%j %t %r %W' -S j"
sub small -J small -L fluent:1 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
reason "$small" Licenses
sed 's/^Licenses=.*/Licenses=fluent:8,ansys/' before >$file
r "scontrol reconfigure"
state "$over" R
state "$small" R
left
again ''
c "squeue -h -o '%j %t %r %W' -S j"
clear_
sub keep2 -J keep2 -L fluent:3 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
state "$keep2" R
sub over2 -J over2 -L fluent:4 -N1 -t 10 -o /dev/null --wrap "'exec sleep 600'"
reason "$over2" Licenses
again 's/^Licenses=.*/Licenses=more:7/'
reason "$over2" Licenses
differs "what a job asked for is kept, and counts when there is such a licence again"
c "squeue -h -o '%j %t %r %W' -S j"
clear_
again 's/^Licenses=.*//'
c "scontrol show licenses fluent"
c "sbatch -L fluent --wrap true"
again ''
