# shellcheck shell=bash disable=SC2154
#conf: SelectTypeParameters=CR_Core_Memory
#mem: 1800
# A job that is suspended and resumed: by whom, what it frees, and what else is done to it meanwhile.
node() { c "scontrol show node worker-1 | grep -oE 'CPUAlloc=[0-9]+|State=[A-Z+]*|AllocMem=[0-9]+|AllocTRES=.*'"; }
sub first -J first -N3 -t 5 --mem=500 -o /dev/null --wrap "'exec sleep 600'"
c "scontrol suspend"
c "scontrol resume"
c "scontrol suspend 4999"
r "scontrol suspend 4999"
r "scontrol resume 4999"
c "scontrol suspend abc"
state "$first" R
c "scontrol suspend $first"
b "scontrol suspend $first"
c "scontrol resume $first"
r "scontrol resume $first"
r "scontrol suspend $first"
state "$first" S
c "squeue -h -j $first -o '%i %t %T %r %N %D %C'"
c "squeue -h -t S -o '%i %t'"
c "sinfo -h -o '%t %D %C'"
c "scontrol show job $first | grep -oE 'JobState=.*|TimeLimit=[^ ]*|Priority=[0-9]+ |Scheduler=.*|NumCPUs=.*|BatchHost=.*'"
node
r "scontrol suspend $first"
c "scontrol update jobid=$first timelimit=4"
c "scontrol show job $first | grep -oE 'TimeLimit=[^ ]*'"
sub second -J second -N3 --mem=500 -o /dev/null --wrap "'exec sleep 600'"
state "$second" R
c "squeue -h -o '%i %t %r %N'"
c "sinfo -h -o '%t %D %C'"
node
r "scontrol resume $first"
state "$first" R
c "scontrol show job $first | grep -oE 'JobState=.*|Priority=[0-9]+ '"
c "squeue -h -o '%i %t %r'"
c "sinfo -h -o '%t %D %C'"
node
r "scontrol suspend $first,$second"
state "$second" S
c "squeue -h -S i -o '%i %t %r'"
c "sinfo -h -o '%t %D %C'"
r "scontrol resume $first,$second"
state "$second" R
c "squeue -h -o '%i %t %r'"
c "sinfo -h -o '%t %D %C'"
c "scancel $second"
state "$second" CA
node
r "scontrol suspend $first"
c "scontrol hold $first"
c "squeue -h -j $first -o '%i %t %r'"
r "scontrol release $first"
c "scontrol requeue $first"
state "$first" PD
reason "$first" BeginTime
r "scontrol resume $first"
c "squeue -h -j $first -o '%i %t %r'"
c "scontrol show job $first | grep -oE 'JobState=.*|Priority=[0-9]+ |SuspendTime=.*|RunTime=[^ ]*'"
r "scontrol suspend $first"
c "scancel $first"
sub held -J held -o /dev/null --wrap "'exec sleep 600'"
state "$held" R
r "scontrol suspend $held"
state "$held" S
c "scontrol requeue $held"
reason "$held" JobHeldAdmin
c "scontrol release $held"
c "squeue -h -j $held -o '%i %t %r'"
c "scancel $held"
sub third -J third -o /dev/null --wrap "'exec sleep 600'"
state "$third" R
shows 0:02 squeue -h -j "$third" -o %M # so that it has run for whole seconds, on both
r "scontrol suspend $third"
state "$third" S
c "scancel -t S -u alice"
state "$third" CA
c "scontrol show job $third | grep -oE 'JobState=.*|SecsPre[^ ]*' | sed 's/SecsPreSuspend=[1-9]\$/SecsPreSuspend=SOME/'"
r "scontrol suspend $third"
r "scontrol resume $third"
clear_
