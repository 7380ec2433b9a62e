#conf: MinJobAge=600
# shellcheck shell=bash disable=SC2154
# How squeue joins the tasks of an array that wait in one line, and which reasons, priority and id that has. In which order the real
# one names several reasons is chance.
sorted="sed -E 's/ /\\n/g; s/[,()]/\\n/g' | sort"
look() { # ID
	c "squeue -h -j $1 -o '%i|%A|%F|%K|%t|%l|%j|%D'"
	c "squeue -h -j $1 -o '%r %R' | $sorted"
	c "squeue -h -j $1 -O 'jobid,jobarrayid,arrayjobid,arraytaskid:30,state'"
	c "squeue -h -r -j $1 -o '%i|%F|%K|%t|%r' | sort"
}
sub full -N3 -J full -o /dev/null --wrap "'exec sleep 600'"
state "$full" R
sub arr --array=0-9 -t 10 -J arr -o /dev/null --wrap "'exec sleep 600'"
reason "$arr" Resources
look "$arr"
c "scontrol hold ${arr}_4"
look "$arr"
c "scontrol hold ${arr}_[6-7]"
r "scontrol hold ${arr}_8"
look "$arr"
c "scontrol update jobid=${arr}_3 starttime=2035-01-01"
c "scontrol update jobid=${arr}_1 dependency=afterok:$full"
reason "${arr}_3" BeginTime
reason "${arr}_1" Dependency
look "$arr"
c "squeue -j $arr | awk '{ print \$1, \$2, \$5 }'"
c "squeue -h -t PD -S i -o '%i'"
c "squeue -h -t PD -S -i -o '%i'"
c "squeue -h -t PD -S r,i -o '%i %r'"
c "squeue -h -S t,i -o '%i %t'"
c "squeue -h -S -t,i -o '%i %t'"
c "squeue -h -j ${arr}_4 -o '%i %r'"
c "squeue -h -j ${arr}_2 -o '%i %r'"
c "squeue -h -j ${arr}_4,${arr}_9 -o '%i %r'"
c "squeue -h -j ${arr}_0,${arr}_9 -o '%i %r'"
differs "the real one takes the first of them"
c "squeue -h -j ${arr}_[0-4] -o '%i'"
c "squeue -h --start -j $arr -o '%i'"
c "squeue -h -l -j $arr -o '%i %r'"
c "squeue -h -O jobid -o %i"
c "SQUEUE_ARRAY=1 squeue -h -j $arr -o '%i' | sort | head -n 3"
c "scancel ${arr}_[2-9]"
c "squeue -h -j $arr -o '%i %t'"
c "scancel $full"
until_true 60 _has 1 bash -c "squeue -h -r -t R -j $arr | wc -l"
c "scancel ${arr}_0"
# Two arrays; one that is held and of which a task isn't.
sub wall -N3 -J wall -o /dev/null --wrap "'exec sleep 600'"
state "$wall" R
sub two --array=1,3,5,7 -H -J two -o /dev/null --wrap true
sub lone --array=2 -H -J lone -o /dev/null --wrap true
c "scontrol release ${two}_3"
reason "${two}_3" Resources
c "squeue -h -t PD -o '%i %j %r' | grep -E 'two|lone' | sort"
c "squeue -h -S p -o '%i %j' | grep -E 'two|wall'"
c "squeue -h -S -p -o '%i %j' | grep -E 'two|wall'"
c "scontrol hold ${two}_[5,7]"
c "scancel ${two}_1"
c "squeue -h -t PD -n two -o '%i %j' | sort"
c "scontrol top ${two}_5"
c "scontrol top 4999"
c "scontrol top x"
clear_
# A limit on how many run at once.
sub lim --array=0-5%1 -J lim -o /dev/null --wrap "'exec sleep 600'"
until_true 60 _has 1 bash -c "squeue -h -r -t R -j $lim | wc -l"
shows JobArrayTaskLimit squeue -h -t PD -j "$lim" -o %r
c "squeue -h -j $lim -o '%i %t %r'"
c "scontrol hold ${lim}_3"
c "squeue -h -j $lim -o '%i %t'"
clear_
