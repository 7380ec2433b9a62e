#live: it is the machine that is found out
#conf: PartitionName=compute Nodes=ALL Default=YES State=UP;SlurmdParameters=config_overrides;NodeName=worker-1 CPUs=1 RealMemory=1000;NodeName=big NodeHostname=head NodeAddr=head Port=7001 Sockets=10 CoresPerSocket=5 ThreadsPerCore=2 RealMemory=99999999 TmpDisk=999999
#part: extra
# shellcheck shell=bash
# The same with config_overrides: what is written counts.
begin big
node_is big idle
look big
c "sinfo -h -n big -o '%c %m %d %z %e' | cut -d ' ' -f 1-4"
c "scontrol show node big | grep -oE '(CPU(Efctv|Tot)|Sockets|Boards|CoresPerSocket|ThreadsPerCore|RealMemory|TmpDisk)=[0-9]*'"
c "srun -w big -n 90 true"
end
