# shellcheck shell=bash disable=SC2154
# A job that is requeued, held, released and counted, by its owner, by root and by somebody else.
sub first -J first -o /dev/null --wrap "'exec sleep 60'"
state "$first" R
c "scontrol requeue $first"
reason "$first" BeginTime
c "scontrol hold $first"
c "squeue -h -j $first -o '%i %t %r'"
c "scontrol show job $first | grep -oE 'EligibleTime=.*|AccrueTime=.*|StartTime=.*|JobState=.*'"
c "scontrol release $first"
reason "$first" BeginTime
c "squeue -h -j $first -o '%i %t %r'"
r "scontrol hold $first"
c "squeue -h -j $first -o '%i %t %r'"
c "scontrol release $first"
b "scontrol release $first"
b "scontrol requeue $first"
b "scontrol hold $first"
b "scontrol update jobid=$first comment=mine"
b "scancel $first"
r "scontrol release $first"
reason "$first" BeginTime
c "scancel $first"
state "$first" CA
c "scontrol show job $first | grep -oE 'JobState=.*|Requeue=.*'"
c "scontrol requeue $first"
c "scontrol hold $first"
c "scontrol release $first"
sub stays --no-requeue -J stays -o /dev/null --wrap "'exec sleep 60'"
state "$stays" R
c "scontrol requeue $stays"
c "scontrol show job $stays | grep -oE 'JobState=.*|Requeue=.*'"
c "scontrol update jobid=$stays requeue=1"
c "scontrol requeuehold $stays"
reason "$stays" "job requeued in held state"
state "$stays" PD
c "squeue -h -j $stays -o '%i %t %r'"
c "scontrol show job $stays | grep -oE 'JobState=.*|Requeue=.*|Priority=.*'"
c "scontrol release $stays"
c "scontrol requeue 4999"
c "scontrol hold 4999"
c "scontrol requeue abc"
clear_
