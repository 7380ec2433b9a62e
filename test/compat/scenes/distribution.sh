#cpus: 4
# shellcheck shell=bash disable=SC2016
# srun -m over nodes: who runs where, what the step's environment says, and the words for mistakes.
# Whether a node is still held by the job before is chance.
where() { c "srun -l $* bash -c 'echo \$SLURMD_NODENAME \$SLURM_LOCALID \$SLURM_GTIDS \$SLURM_DISTRIBUTION \$SLURM_DIST_PLANESIZE \$SLURM_DIST_LLLP' 2>&1 | grep -v '^srun: job ' | sort"; }
where -N3
where -N3 -n6
where -N3 -n7
where -N3 -n5 -m block
where -N3 -n6 -m block
where -N3 -n5 -m cyclic
where -N3 -n7 -m cyclic
where -N3 -n6 -m plane=2
where -N3 -n8 -m plane=2
where -N3 -n8 -m plane=3
where -N2 -n2
where -n4
where -N1 -n2
where -N3 -n6 -m block:cyclic
where -N3 -n6 -m cyclic:block
where -N3 -n6 -m block:block:fcyclic
where -N3 -n6 -m '"*"'
where -N3 -n6 -m '"*:block"'
where -N3 -n6 -m BLOCK
where -N3 -n6 -m wrong
where -N3 -n6 -m block:wrong
where -N3 -n6 -m plane
where -N3 -n6 -m plane=0
where -N3 -n6 -m plane=x
where -N3 -n6 -m plane=-1
where -N3 -n6 -m ''
c "SLURM_DISTRIBUTION=cyclic srun -N3 -n6 -l sh -c 'echo \$SLURMD_NODENAME \$SLURM_DISTRIBUTION' | sort"
differs "ours names the variable"
c "SLURM_DISTRIBUTION=wrong srun -N3 -n6 -l sh -c 'echo \$SLURMD_NODENAME \$SLURM_DISTRIBUTION' 2>&1 | sort"
c "SLURM_DISTRIBUTION=plane SLURM_DIST_PLANESIZE=2 srun -N3 -n6 -l sh -c 'echo \$SLURMD_NODENAME \$SLURM_DISTRIBUTION \$SLURM_DIST_PLANESIZE' 2>&1 | sort"
c "salloc -Q -N3 -n6 bash -c 'env | grep SLURM_DIST; srun -l sh -c \"echo \\\$SLURMD_NODENAME \\\$SLURM_DISTRIBUTION\" | sort'"
c "salloc -Q -N3 -n6 -m cyclic bash -c 'env | grep SLURM_DIST; srun -l sh -c \"echo \\\$SLURMD_NODENAME \\\$SLURM_DISTRIBUTION\" | sort'"
c "salloc -Q -N3 -n6 -m plane=2 bash -c 'env | grep SLURM_DIST; srun -l sh -c \"echo \\\$SLURMD_NODENAME \\\$SLURM_DISTRIBUTION\" | sort'"
c "salloc -Q -N3 -n6 bash -c 'srun -l -m cyclic sh -c \"echo \\\$SLURMD_NODENAME \\\$SLURM_DISTRIBUTION\" | sort'"
c "salloc -Q -N3 -n3 bash -c 'srun -l -n2 -N1 sh -c \"echo \\\$SLURMD_NODENAME \\\$SLURM_DISTRIBUTION\" | sort'"
printf '#!/bin/bash\nenv | grep SLURM_DIST\nsrun -l sh -c '"'"'echo $SLURMD_NODENAME $SLURM_DISTRIBUTION'"'"' | sort\n' >/home/alice/dist.sh
c 'sbatch -Q -W -N3 -n6 -m cyclic -o dist.out dist.sh; cat dist.out'
c 'sbatch -Q -W -N3 -n6 -o dist.out dist.sh; cat dist.out'
c 'sbatch -Q -m wrong dist.sh'
where -N2 -T 5
where -N2 -T 0
where -N2 -T 90
where -N2 -T x
c "SLURM_NTASKS=2 SLURM_JOB_NUM_NODES=2 srun -n3 -N3 sh -c 'echo \$SLURM_NTASKS \$SLURM_JOB_NUM_NODES \$SLURM_NNODES \$SLURM_NPROCS' 2>&1"
