# shellcheck shell=bash disable=SC2016
#cpus: 2
# srun -m arbitrary, and SLURM_HOSTFILE, which means it: a host for each task, in order.
printf 'worker-2\nworker-1\nworker-2\n' >hosts
echo worker-1,worker-3 >commas
echo 'worker-[3,1-2]' >ranges
printf 'worker-9\n' >unknown
: >empty
c "SLURM_HOSTFILE=hosts srun -l hostname | sort"
c "SLURM_HOSTFILE=hosts srun -n3 -m arbitrary -l sh -c 'echo \$(hostname) \$SLURM_DISTRIBUTION \$SLURM_NODELIST \$SLURM_TASKS_PER_NODE \$SLURM_HOSTFILE \$SLURM_NODEID \$SLURM_LOCALID' | sort"
c "srun -m arbitrary -n3 -O -l hostname | sort"
c "srun -m arbitrary -N2 hostname | sort"
c "SLURM_HOSTFILE=nosuch srun hostname"
c "SLURM_HOSTFILE=nosuch srun -m arbitrary hostname"
c "SLURM_HOSTFILE=empty srun -m arbitrary hostname"
c "SLURM_HOSTFILE=unknown srun -m arbitrary hostname"
c "SLURM_HOSTFILE=hosts srun -n2 -m arbitrary -l hostname | sort"
c "SLURM_HOSTFILE=hosts srun -n5 -m arbitrary -l hostname"
c "SLURM_HOSTFILE=hosts srun -n3 -m block -l hostname | sort"
c "SLURM_HOSTFILE=commas srun -m arbitrary -l hostname | sort"
c "SLURM_HOSTFILE=ranges srun -l hostname | sort"
c "SLURM_HOSTFILE=hosts srun -N2 -m arbitrary -l hostname | sort"
c "SLURM_HOSTFILE=hosts srun -N1 -m arbitrary -l hostname | sort"
c "srun -m arbitrary -w worker-2,worker-1 -l hostname | sort"
c "srun -m arbitrary -n2 -w worker-3,worker-1 -l hostname | sort"
c "salloc -Q -N3 -n6 bash -c 'export SLURM_HOSTFILE=hosts; srun -l hostname 2>&1 | sort; echo; srun -n3 -l hostname 2>&1 | sort; echo; srun -m arbitrary -n3 -l hostname 2>&1 | sort; echo; srun -m arbitrary -n3 -l sh -c \"echo \\\$SLURM_STEP_NODELIST \\\$SLURM_STEP_TASKS_PER_NODE \\\$SLURM_DISTRIBUTION\" 2>&1 | sort'"
differs "the hosts that the job lacks are named"
c "salloc -Q -N2 -n4 bash -c 'SLURM_HOSTFILE=commas srun -n2 -m arbitrary -l hostname; echo rc \$?'"
differs "the hosts that the job lacks are named"
c "salloc -Q -N1 -n1 bash -c 'SLURM_HOSTFILE=hosts srun -n3 -m arbitrary -l hostname; echo rc \$?'"
