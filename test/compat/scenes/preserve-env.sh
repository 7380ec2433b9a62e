#cpus: 2
# shellcheck shell=bash disable=SC2016
# srun -E: what the environment says of numbers of tasks and nodes stays.
c "SLURM_NTASKS=7 srun -E -n2 sh -c 'echo \$SLURM_NTASKS \$SLURM_JOB_NUM_NODES \$SLURM_NNODES \$SLURM_NPROCS' 2>&1"
c "SLURM_NTASKS=2 srun -E -n3 -N3 sh -c 'echo \$SLURM_NTASKS \$SLURM_JOB_NUM_NODES \$SLURM_NNODES \$SLURM_NPROCS' 2>&1"
c 'salloc -Q -N2 bash -c "SLURM_NTASKS=1 SLURM_NPROCS=5 SLURM_NNODES=6 SLURM_JOB_NUM_NODES=2 srun -E -N2 -n2 bash -c \"env | grep -E \\\"^SLURM_(JOB_NUM_NODES|NNODES|NTASKS|NPROCS|STEP_NUM)\\\" | sort\"" | sort'
c 'srun -Q -E bash -c "env | grep SLURM | sed s/=.*// | sort" > a; srun -Q bash -c "env | grep SLURM | sed s/=.*// | sort" > b; diff a b | grep "^[<>]"'
