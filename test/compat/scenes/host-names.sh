#conf: PartitionName=compute Nodes=ALL Default=YES State=UP;NodeName=worker-1 CPUs=1 RealMemory=1000;NodeName=extra NodeHostname=head NodeAddr=head Port=7001 CPUs=1 RealMemory=100
#part: extra
# shellcheck shell=bash disable=SC2016
# Hosts whose names have a domain, in slurm.conf or on the host.
conf=/etc/slurm/slurm.conf
controller() { # until it is gone, and again
	quiet 'read -r pid </var/run/slurmctld.pid && kill $pid && while [ -e /proc/$pid ]; do sleep 0.05; done; slurmctld'
	shows UP scontrol ping
}
serves() { # whether a controller would, and why not
	quiet 'read -r pid </var/run/slurmctld.pid && kill $pid && while [ -e /proc/$pid ]; do sleep 0.05; done'
	r 'timeout 3 slurmctld -D >out 2>&1; grep -q -i -e "running as primary" -e "serves cluster" out && echo it serves || echo it does not'
}
quiet 'hostname head.example.org'
quiet 'slurmd'
node_is extra idle
c 'srun -w extra hostname'
c 'srun -w extra sh -c "echo \$SLURMD_NODENAME \$SLURM_SUBMIT_HOST \$HOSTNAME"'
differs '%N names the node: several may be on one host'
c 'sbatch -W -w extra -o out.%N.%n --wrap hostname >/dev/null; ls out.*; cat out.*'
c 'sbatch -W -w extra -o out --wrap "echo \$SLURM_SUBMIT_HOST; srun sh -c \"echo \\\$SLURM_SUBMIT_HOST\"" >/dev/null; cat out'
c 'salloc -w extra sh -c "echo \$SLURM_SUBMIT_HOST; scontrol show job \$SLURM_JOB_ID | grep -oE \"AllocNode:Sid=[^:]*\""'
c 'scontrol show node extra | grep -o NodeHostName=.*'
controller
c 'scontrol ping'
c 'scontrol show config | grep -i SlurmctldHost'
c 'sinfo -h -n extra -o %N'
end
serves
quiet "sed -i 's/^SlurmctldHost=.*/SlurmctldHost=head.example.org/' $conf; echo '10.77.0.1 head.example.org' >>/etc/hosts"
serves
c 'grep -c . /etc/slurm/slurm.conf >/dev/null; scontrol ping'
quiet 'hostname head'
differs 'names are compared without their domains'
serves
quiet "sed -i 's/^SlurmctldHost=.*/SlurmctldHost=other/' $conf"
serves
quiet "sed -i 's/^SlurmctldHost=.*/SlurmctldHost=head(10.77.0.1)/' $conf"
serves
