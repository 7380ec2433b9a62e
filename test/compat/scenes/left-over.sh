# shellcheck shell=bash disable=SC2154,SC2016
#cpus: 2
# Processes that outlive their tasks. Who has the step's output open, which comes to srun, holds the step up; others are killed with it.
took='echo took $(($(date +%s) - began > 1 ? 1 : 0))'
look() { c "began=\$(date +%s); $1; echo rc \$?; $took"; }
CAP_T=6 c "srun -N1 sh -c 'setsid sleep 200 & echo started' 2>/dev/null"
look "srun -N1 sh -c '(setsid sh -c \"sleep 3; echo late\" &); echo started'"
look "srun -N1 sh -c '(sleep 3; echo late) & echo started'"
look "srun -N1 sh -c '(sleep 3; echo late >&2) >/dev/null & echo started' 2>&1"
look "srun -N1 sh -c 'sleep 3 & echo started; exit 3' 2>&1"
look "srun -N1 sh -c '(sleep 30; echo late) >/dev/null 2>&1 & echo started'"
look "srun -N1 sh -c '(setsid sh -c \"sleep 30; echo late\" >/dev/null 2>&1 &); echo started'"
look "srun -N1 -o left.%t sh -c '(sleep 3; echo late) & echo started'; cat left.0"
differs "there srun writes the file, as what it prints; here the node does, and nobody waits for those who have it open"
look "srun -N1 -o /dev/null sh -c '(sleep 3; echo late) & echo started'"
differs "as before"
look "srun -N1 -o left.out sh -c '(sleep 3; echo late) & echo started'; cat left.out"
sub one -J one -o one.out --wrap "'(sleep 30; echo late) & echo started'"
state "$one" CD
c "cat one.out; scontrol show job $one | grep -o ExitCode=.*"
