#live: the harness itself is to be seen to work
#conf: KillWait=1;MinJobAge=20
# shellcheck shell=bash disable=SC2154,SC2034
# The life of jobs: waiting for a time, changed, held, cancelled and signalled in every state; how they end and what they say then.
seen() { c "squeue -h -r -t all -j $1 -o '%i %j %T %r'"; }                                                         # ID
ended() { c "scontrol show job $1 | grep -oE 'JobState=.*|Reason=.*|ExitCode=.*|Requeue=.*|TimeLimit=[^ ]*'"; } # ID
no_job() { shows "Invalid job id" scontrol show job "$1"; }
# How they end.
sub zero -J zero -o /dev/null --wrap "'exit 0'"
sub three -J three -o /dev/null --wrap "'exit 3'"
sub sig -J sig -o /dev/null --wrap "'kill -SEGV \$\$'"
for id in "$zero" "$three" "$sig"; do shows ExitCode= scontrol show job "$id"; done
state "$zero" CD
state "$three" F
state "$sig" F
for id in "$zero" "$three" "$sig"; do ended "$id"; seen "$id"; done
c "scancel $zero"
c "scancel -v $three"
c "scontrol update jobid=$three comment=late"
c "scontrol update jobid=$three timelimit=5"
c "scontrol hold $three"
# Signals: to steps, to the batch script alone, to all of it.
sub steps -J steps -o /home/alice/steps.out --wrap "'trap \"echo got usr1\" USR1; trap \"echo got usr2; exit 7\" USR2; srun bash -c \"trap \\\"echo step usr1; exit 4\\\" USR1; echo up; while :; do sleep 0.1; done\"; echo step \$?; while :; do sleep 0.1; done'"
shows up cat /home/alice/steps.out
b "scancel -s USR1 $steps"
c "scancel -s NOSUCH $steps"
c "scancel -s USR1 $steps"
shows "step 4" cat /home/alice/steps.out
c "scancel -b -s USR1 $steps"
shows "got usr1" cat /home/alice/steps.out
seen "$steps"
c "scancel -b -s USR2 $steps"
state "$steps" F
ended "$steps"
c "grep -c 'got usr1' steps.out; grep -c 'step usr1' steps.out; tail -n 3 steps.out"
# Cancelled while it waits for its time, while held, while it runs, with a signal.
sub later -J later -b now+1hour -o /dev/null --wrap "'exit 0'"
sub held -J held -H -o /dev/null --wrap "'exit 0'"
reason "$later" BeginTime
seen "$later"
seen "$held"
differs "the real one tries again until it is ended"
CAP_T=3 c "scancel -s USR1 $held"
c "scancel -s KILL $later"
c "scancel -b $held"
seen "$later"
seen "$held"
c "scancel $held"
for id in "$later" "$held"; do ended "$id"; done
sub runs -J runs -o /dev/null --wrap "'exec sleep 60'"
state "$runs" R
b "scancel $runs"
b "scancel -n runs"
c "scancel -t PENDING $runs"
seen "$runs"
c "scancel -n other $runs"
c "scancel -p nosuch $runs"
seen "$runs"
c "scancel -t RUNNING -n runs $runs"
state "$runs" CA
ended "$runs"
sub byname -J byname -o /dev/null --wrap "'exec sleep 60'"
state "$byname" R
c "scancel -s TERM -f $byname"
state "$byname" F
ended "$byname"
# Begin times, changed.
sub begin -J begin -b 2030-01-01T00:00 -o /dev/null --wrap "'exec sleep 60'"
reason "$begin" BeginTime
c "scontrol show job $begin | grep -oE 'EligibleTime=.*|StartTime=.*|JobState=.*'"
c "scontrol update jobid=$begin starttime=2031-01-01T12:00:00"
reason "$begin" BeginTime
c "scontrol show job $begin | grep -oE 'EligibleTime=.*|StartTime=.*|JobState=.*'"
c "scontrol update jobid=$begin starttime=whenever"
b "scontrol update jobid=$begin starttime=now"
c "scontrol update jobid=$begin starttime=now"
state "$begin" R
c "scontrol update jobid=$begin starttime=now"
c "scancel $begin"
state "$begin" CA
c "sbatch -b whenever -o /dev/null --wrap true"
c "sbatch -b 2001-01-01 -J past -o /dev/null --wrap true"
clear_
# Long over.
no_job "$sig"
c "scontrol show job $sig"
c "scontrol update jobid=$sig comment=late"
c "squeue -h -j $sig"
c "scancel $sig"
