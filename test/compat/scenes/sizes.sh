#conf: SelectTypeParameters=CR_Core_Memory
#mem: 1536
#workers: 2
# shellcheck shell=bash disable=SC2154
# Sizes that are no whole number of the next unit, but have a half of it: jobs, nodes, partitions.
c "sbatch -v --mem=1536 -H --wrap true 2>&1 | grep -E 'mem|Submitted'"
c "sbatch -v --mem=2G -H --wrap true 2>&1 | grep -E 'mem|Submitted'"
c "sbatch --mem=512 -N3 -H --wrap true; sbatch --mem-per-cpu=1280 -H --wrap true; sbatch --tmp=1536 -H --wrap true; sbatch --tmp=2560 -H --wrap true"
c "scontrol show job | grep -E 'TRES|MinMem'; scontrol -dd show job 4001 | grep -i mem"
c "squeue -h -S i -O minmemory,mintmpdisk,tres-alloc:60; squeue -h -S i -o '%m %d'; squeue -h --noconvert -S i -o '%m %d'"
c "scontrol show node worker-1 | grep -iE 'mem'; sinfo -h -N -o '%m %e' | cut -d' ' -f1; scontrol show partition | grep -i mem"
sub run --mem=1536 -o /dev/null --wrap "'exec sleep 60'"
state "$run" R
c "scontrol show job $run | grep -E 'TRES|MinMem'; scontrol show node | grep -E 'AllocTRES|AllocMem'; squeue -h -j $run -O tres-alloc:60"
clear_
