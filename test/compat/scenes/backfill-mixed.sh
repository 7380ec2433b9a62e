# shellcheck shell=bash disable=SC2154
#conf: SchedulerParameters=bf_interval=1
#workers: 2
#cpus: 2
# The plan on nodes that several share, arrays in it, and PriorityTier.
planned() { shows "$2" squeue -h -j "$1" -o %Y; } # ID NODES
sub one -w worker-1 -n1 -t 10 -J one -o /dev/null --wrap "'exec sleep 300'"
state "$one" R
sub wide -N2 -n4 -t 20 -J wide -o /dev/null --wrap "'exec sleep 300'"
planned "$wide" "worker-[1-2]"
c "sinfo -N -h -o '%N %t %T'"
c "scontrol show node worker-1 | grep -o 'State=[A-Z+]*'"
c "sinfo -h -t planned -o '%N %t'; sinfo -h -t mix -o '%N %t'; sinfo -h -t idle -o '%N %t'"
c "sinfo -h -s; sinfo -h -o '%t %D %N'"
sub arr -a 1-30 -n1 -t 5 -J arr -o /dev/null --wrap "'exec sleep 300'"
shows 3 bash -c "squeue -h -t R -n arr | wc -l"
c "squeue -h -n arr -t R -r -o '%K %t' | sort -n"
planned "$arr" worker
differs "chance: the real one has, for a moment, no reason for those of an array of which others have just started"
c "squeue -h -n arr -t PD -o '%i %t %r'"
c "sbatch --test-only -N2 -t 5 --wrap true 2>&1 | sed 's/at [^ ]*/at TIME/'"
c "srun --test-only -n1 -t 5 -w worker-1 true 2>&1 | sed 's/at [^ ]*/at TIME/'"
clear_
