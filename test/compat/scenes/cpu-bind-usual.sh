#conf: TaskPlugin=affinity;TaskPluginParam=Verbose,Sockets;NodeName=worker-1 Sockets=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1800
#workers: 1
#cpus: 2
# shellcheck shell=bash disable=SC2016
# What tasks are bound to that don't say it themselves: TaskPluginParam, and a partition's CpuBind before it.
said='2>&1 | sed -E "s/\[[0-9]+\]/[PID]/" | sort'
look() {
	c "srun -n2 -l $* bash -c 'env | grep CPU_BIND=' $said"
	c "srun -n1 $* bash -c 'env | grep CPU_BIND=' $said"
}
look
look --cpu-bind=v
look --cpu-bind=q,cores
look --cpu-bind=none
look --threads-per-core=1
look --ntasks-per-core=1
look -O
for bind in core none thread; do
	quiet "scontrol update partitionname=compute cpubind=$bind"
	look
	look --cpu-bind=v
done
