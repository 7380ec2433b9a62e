#cpus: 2
# shellcheck shell=bash
# What programs on top of Slurm ask for (test/cli/programs), where no other scene does.
c 'scontrol show hostlist n3,n1,n2'
c 'scontrol show hostlistsorted n3,n1,n2'
c 'scontrol show hostlist b01,b02,a,b03'
c 'scontrol show hostlists n3,n1'
c 'sshare -e'
c 'sshare -m'
c 'sshare -lUm -u root'
c 'sshare -m -P'
c 'sshare -m -o account,user'
c 'sshare -o account,partition'
c "sshare -U --format Account%256 --noheader"
c 'salloc -Q -N2 sh -c "env | grep -E SLURM_\(NTASKS\|NPROCS\|TASKS\|NNODES\) | sort"'
c 'salloc -Q -n3 -N2 sh -c "srun -l echo x | sort; srun -n2 -l echo y | sort"'
c 'squeue -O "Endtime,tres-per-job:.14,Partition: ,Nice:x"'
c 'squeue -o " %A|%a"'
c 'sinfo -h "-o %D,%T"'
c "sshare -o 'cluster,grptresraw%20,id,Partition'"
