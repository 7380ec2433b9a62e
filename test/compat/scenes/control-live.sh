#conf: KillWait=5
# shellcheck shell=bash disable=SC2154
# What scontrol says of jobs and steps that run, and says to them: notify, wait_job, listpids, pidinfo, completing, show step.
k() { c "scontrol $1"; }
sub held -H -o /dev/null --wrap "'exec sleep 300'"
sub batch -J batch -w worker-1 -o /home/alice/batch.out --wrap "'srun --overlap -J one sleep 300 & exec sleep 300'"
state "$batch" R
shows "$batch.0" squeue -h -s -o %i
user alice "srun -J direct -w worker-2 sleep 300 >direct.out 2>&1" &
user alice "salloc -J alloc -w worker-3 sleep 300 >alloc.out 2>&1" &
shows direct squeue -h -t R -o %j
shows alloc squeue -h -t R -o %j
ids direct "$(squeue -h -n direct -o %i)"
ids alloc "$(squeue -h -n alloc -o %i)"
shows "$direct.0" squeue -h -s -o %i
# ---- notify ----
k "notify $batch hello world"
k "notify $batch 'one  two'"
b "scontrol notify $batch from bob"
r "scontrol notify $batch from root"
k "notify $batch.0 to a step"
k "-Q notify $batch quiet"
shows quiet cat batch.out
c "sort batch.out"
k "notify $direct hello srun"
k "notify $alloc hello salloc"
shows hello cat direct.out
shows hello cat alloc.out
c "cat direct.out"
c "cat alloc.out"
k "notify $held waiting"
k "not $batch short"
# ---- wait_job ----
k "wait_job $batch"
k "wait_job $direct"
k "wait_job $held"
k "wa $alloc"
b "scontrol wait_job $batch"
# ---- processes: their numbers are masked ----
pids() { c "srun --jobid=$batch --overlap bash -c \"scontrol listpids $1; echo \\\$?\" 2>&1 | sed -E 's/^[0-9]+ /PID /' | sort | uniq"; }
pids "$batch.0"
pids "$batch.77"
pids 4999
pids abc
pids "$batch.x"
pids "${batch}_1"
pids "$batch.0 worker-1"
pids "$batch worker-2"
pids "$batch.0 nosuch"
c "srun --jobid=$batch --overlap scontrol listpids $batch | awk '{print \$2, \$3}' | sort | uniq | grep -v '^$batch [1-9]'"
c "srun --jobid=$batch --overlap bash -c \"scontrol listpids '*'\" | awk '\$3 == \"batch\" && \$4 != \"-\" {print \$2, \$3, \$4, \$5}'"
c "srun --jobid=$batch --overlap bash -c 'scontrol pidinfo \$\$' | sed -E 's/ends at .*/ends at DATE/; s/[0-9]+ seconds/N seconds/'"
c "srun --jobid=$batch --overlap bash -c 'scontrol pidinfo 1; scontrol pidinfo x; scontrol pidinfo 99999; scontrol pid' 2>&1 | grep -v Exited"
c "srun --jobid=$batch --overlap scontrol show slurmd | sed -E 's/^(Active Steps.*), .*/\1/; s/(PID|msg time|Boot time|memory|space)( +)=.*/\1\2= N/' | grep -v 'Active'"
c "srun --jobid=$batch --overlap scontrol show daemons"
c "srun --jobid=$batch --overlap scontrol show aliases"
c "srun --jobid=$batch --overlap scontrol show hostnames"
# ---- steps ----
k "show step $batch.0"
k "-o show step $batch.0"
k "-d show step $batch.0"
b "scontrol show step $batch.0"
k "show step $batch.77"
k "show step 4999"
k "show step 4999.0"
k "show step $held"
k "show step $held.0"
k "show step ${batch}_1"
k "-Q show step $batch.77"
k "-v show step $batch.0 2>/dev/null"
k "-v show partition | head -1"
c "scontrol show step | grep -oE '^StepId=[^ ]*' | sort"
# ---- limits of steps ----
limit() { c "scontrol show step $batch.0 | grep -o 'TimeLimit=.*'"; }
for to in 5 50 1-0 0:90 unlimited 7; do
	k "update stepid=$batch.0 timelimit=$to"
	limit
done
k "update stepid=$batch.0 timelimit=+5"
limit
k "update stepid=$batch.0 timelimit=-3"
limit
k "update stepid=$batch.0 timelimit=-300"
limit
differs "it says why"
k "update timelimit=+3 stepid=$batch.0"
k "update stepid=$batch timelimit=9"
c "scontrol show step $batch | grep -oE '^StepId=[^ ]*|TimeLimit=.*'"
b "scontrol update stepid=$batch.0 timelimit=5"
r "scontrol update stepid=$batch.0 timelimit=60"
limit
k "update stepid=$batch.77 timelimit=5"
k "update stepid=$held.0 timelimit=5"
k "update stepid=$held timelimit=5"
k "update stepid=$batch.0 bogus=1"
k "update stepid=$batch.0 timelimit=x"
k "update stepid=$batch.0 timelimit"
k "update stepid=$batch.0"
k "update stepid=$batch.0 timelimit=1 jobid=$batch"
# ---- completing ----
k "completing"
sub stubborn -J stubborn -w worker-2 --overcommit -o /home/alice/stubborn.out --wrap "'trap : TERM; echo on; while :; do sleep 1; done'"
c "scancel $direct $alloc"
state "$direct" CA
state "$alloc" CA
state "$stubborn" R
shows on cat stubborn.out
c "scancel $stubborn; scontrol completing | sed -E 's/CompletingTime=[0-9:]+/CompletingTime=T/'"
c "scontrol -o completing | sed -E 's/CompletingTime=[0-9:]+/CompletingTime=T/'"
k "notify $stubborn ending"
k "wait_job $stubborn"
k "notify $direct over"
k "wait_job $direct"
shows revoked cat alloc.out
c "cat alloc.out"
quiet "scancel -u alice"
idle
k "completing"
wait
