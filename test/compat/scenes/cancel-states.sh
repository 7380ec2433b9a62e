#conf: MinJobAge=600;KillWait=3
# shellcheck shell=bash disable=SC2154
# scancel of a job in each state: by its user, by another and by root, with and without a signal; what it is afterwards.
seen() { c "squeue -h -r -t all -j $1 -o '%i %t %T %r' | sort; scontrol show job $1 | grep -oE 'JobState=.*|ExitCode=.*|Restarts=[0-9]+|Requeue=[01]'"; } # ID
ends() { # ID: cancelled by whom it isn't, with what can't be, then in truth
	b "scancel $1"
	c "scancel -v $1 2>&1 | grep -v cred"
	state "$1" CA
	seen "$1"
	c "scancel $1"
	c "scancel -v $1 2>&1 | grep -v cred"
}
sub held -H -J held -o /dev/null --wrap true
ends "$held"
sub adm -H -J adm -o /dev/null --wrap true
r "scontrol hold $adm"
ends "$adm"
sub begin -b now+1hour -J begin -o /dev/null --wrap true
reason "$begin" BeginTime
ends "$begin"
sub first -J first -N3 -o /dev/null --wrap "'exec sleep 600'"
state "$first" R
sub next -J next -N3 -o /dev/null --wrap true
reason "$next" Resources
sub after -J after -d "afterok:$first" -o /dev/null --wrap true
reason "$after" Dependency
sub pri -J pri -N3 -o /dev/null --wrap true
reason "$pri" Priority
ends "$pri"
ends "$next"
ends "$after"
sub never -J never -d "afternotok:$next" -o /dev/null --wrap true
sub afterall -J afterall -d "afterany:$first" -o /dev/null --wrap "'exec sleep 600'"
ends "$first"
state "$afterall" R
r "scontrol suspend $afterall"
state "$afterall" S
ends "$afterall"
c "squeue -h -j $never -o '%t %r'"
c "scancel $never"
# Completing: what ignores SIGTERM.
sub deaf -J deaf -o deaf.out --wrap "'trap \"\" TERM; echo up; while :; do sleep 0.2; done'"
shows up cat deaf.out
c "scancel $deaf"
c "squeue -h -j $deaf -o '%t %T'"
c "scontrol show job $deaf | grep -oE 'JobState=.*'"
c "scancel $deaf"
c "scancel -s USR1 $deaf"
state "$deaf" CA
seen "$deaf"
c "scancel -s USR1 $deaf"
c "scancel -s KILL $deaf"
sub own -J own -o own.out --wrap "'trap \"exit 9\" TERM; echo up; while :; do sleep 0.2; done'"
shows up cat own.out
c "scancel $own"
state "$own" CA
seen "$own"
# Requeued while it ends.
sub late -J late -o late.out --wrap "'trap \"\" TERM; echo up; while :; do sleep 0.2; done'"
shows up cat late.out
c "scancel $late"
c "scontrol requeue $late"
c "scontrol hold $late"
c "scontrol update jobid=$late timelimit=5"
state "$late" PD
reason "$late" JobHeldUser
c "squeue -h -j $late -o '%i %t %r %l'"
c "scancel $late"
# Requeued: while the old attempt is ending, and while it waits.
sub again -J again --requeue -o again.out --wrap "'trap \"\" TERM; echo up; while :; do sleep 0.2; done'"
shows up cat again.out
c "scontrol requeue $again"
c "scancel $again"
state "$again" CA
seen "$again"
sub again2 -J again2 --requeue -o /dev/null --wrap "'exec sleep 600'"
state "$again2" R
c "scontrol requeue $again2"
state "$again2" PD
reason "$again2" BeginTime
seen "$again2"
ends "$again2"
sub again3 -J again3 --requeue -o /dev/null --wrap "'exec sleep 600'"
state "$again3" R
c "scontrol requeuehold $again3"
state "$again3" PD
reason "$again3" "job requeued in held state"
seen "$again3"
ends "$again3"
# Filters reach only what is in the state.
sub f1 -H -J f1 -o /dev/null --wrap true
sub f2 -J f2 -o /dev/null --wrap "'exec sleep 600'"
state "$f2" R
c "scancel -t SUSPENDED -u alice"
c "scancel -t COMPLETING -u alice"
c "scancel -t R $f1"
c "scancel -t nosuch $f1"
c "squeue -h -S j -o '%j %t'"
c "scancel -t PD -u alice"
state "$f1" CA
c "scancel -t running -u alice"
state "$f2" CA
# An array: a task that runs, one that waits, all.
sub arr --array=0-9%2 -J arr -o /dev/null --wrap "'exec sleep 600'"
until_true 60 _has 2 bash -c "squeue -h -r -t R -j $arr | wc -l"
c "scancel ${arr}_0"
c "scancel ${arr}_[7-8] ${arr}_9"
until_true 60 _has 2 bash -c "squeue -h -r -t R -j $arr | wc -l"
c "squeue -h -r -j $arr -o '%i %t %r' | sort"
c "scancel ${arr}_[7-9]"
c "scancel ${arr}_77"
c "scancel ${arr}_x"
differs "a task without a number is a mistake here"
c "scancel ${arr}_"
c "scancel -t PENDING $arr"
c "squeue -h -r -j $arr -o '%i %t' | sort"
c "scancel $arr"
idle
c "squeue -h -r -t all -j $arr -o '%t' | sort -u"
c "scancel $arr"
# srun and salloc hear of it.
quiet "setpriv --reuid alice --regid alice --init-groups srun -J gone -n1 sleep 600 >/home/alice/gone.said 2>&1; echo exit \$? >>/home/alice/gone.said" &
shows R squeue -h -n gone -o %t
c "scancel -n gone"
shows exit cat /home/alice/gone.said
c "sed -E 's/[0-9]+\.0 ON worker-./N ON W/; s/ worker-[1-3]:/ W:/' gone.said | sort"
clear_
