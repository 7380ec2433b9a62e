# shellcheck shell=bash disable=SC2016
#cpus: 2
# salloc and sbatch -m arbitrary: a host for each task, in order, from SLURM_HOSTFILE or else -w.
printf 'worker-2\nworker-1\n' >hosts
printf 'worker-2\nworker-1\nworker-2\n' >twice
printf 'worker-9\n' >unknown
: >empty
cat >look <<'END'
#!/bin/bash
scontrol show job "$SLURM_JOB_ID" | grep -oE '(NumNodes|NumTasks|NumCPUs|ReqNodeList|NodeList|NtasksPerN[^=]*|TRES)=[^ ]*'
env | grep -E '^SLURM_(NTASKS.*|N.*NODE.*|.*DIST.*|HOSTF.*|JOB_CPUS.*|NODELIST|NPROCS|ARB.*)=' | sort
srun -l hostname 2>&1 | sort
END
chmod +x look
c "SLURM_HOSTFILE=hosts salloc -Q -m arbitrary -n2 ./look"
c "SLURM_HOSTFILE=hosts salloc -Q -m arbitrary ./look"
c "SLURM_HOSTFILE=hosts salloc -Q ./look"
differs "srun takes as many of the hosts as the job has tasks; the real one all, which the job lacks"
c "SLURM_HOSTFILE=hosts salloc -Q -n1 -m arbitrary ./look"
c "SLURM_HOSTFILE=hosts salloc -Q -n2 -m cyclic ./look"
c "SLURM_HOSTFILE=hosts salloc -Q -N2 -m arbitrary ./look"
c "SLURM_HOSTFILE=hosts salloc -Q -n5 -m arbitrary ./look"
c "SLURM_HOSTFILE=unknown salloc -Q -m arbitrary ./look"
c "SLURM_HOSTFILE=empty salloc -Q -m arbitrary ./look"
c "SLURM_HOSTFILE=nosuch salloc -Q -m arbitrary ./look"
c "SLURM_HOSTFILE=nosuch salloc -Q -n1 ./look"
c "salloc -Q -m arbitrary -n2 ./look"
c "salloc -Q -m arbitrary -n2 -w worker-3,worker-1 true"
c "SLURM_HOSTFILE=hosts sbatch -W -m arbitrary -n2 -o out look; cat out"
c "SLURM_HOSTFILE=hosts sbatch -W -o out look; cat out"
c "SLURM_HOSTFILE=hosts sbatch -W -n5 -m arbitrary -o out look"
c "SLURM_HOSTFILE=nosuch sbatch -W -m arbitrary -o out look"
c "SLURM_HOSTFILE=unknown sbatch -W -m arbitrary -o out look"
c "SLURM_HOSTFILE=empty sbatch -W -m arbitrary -o out look"
c "sbatch -W -m arbitrary -n2 -o out look"
c "SLURM_HOSTFILE=twice sbatch -W -m arbitrary -n3 -o out --wrap 'echo \$SLURM_NTASKS; srun -l hostname | sort'; cat out"
differs "a host that is named twice has two tasks; the real one's salloc gives the job up once it is granted, or counts one"
c "SLURM_HOSTFILE=twice salloc -Q -n3 bash -c 'echo \$SLURM_NTASKS; srun -l hostname | sort'"
differs "a host that is named twice has two tasks; the real one's salloc gives the job up once it is granted, or counts one"
c "SLURM_HOSTFILE=twice salloc -Q bash -c 'echo \$SLURM_NTASKS; srun -l hostname | sort'"
