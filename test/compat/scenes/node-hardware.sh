#live: it is the machine that is found out
#conf: PartitionName=compute Nodes=ALL Default=YES State=UP;NodeName=worker-1 CPUs=1 RealMemory=1000;NodeName=big NodeHostname=head NodeAddr=head Port=7001 CPUs=1 RealMemory=99999999;NodeName=wide NodeHostname=head NodeAddr=head Port=7002 CPUs=1000 RealMemory=100;NodeName=disk NodeHostname=head NodeAddr=head Port=7003 CPUs=1 TmpDisk=99999999
#part: extra
# shellcheck shell=bash
# Hosts that have less than slurm.conf says.
for node in big wide disk; do
	begin "$node"
	node_is "$node" inval
	look "$node"
	c "sinfo -h -R -n $node -o '%E %u %N'"
	r "scontrol update nodename=$node state=resume"
	look "$node"
	r "scontrol update nodename=$node state=undrain"
	look "$node"
	r "scontrol update nodename=$node state=idle"
	r "scontrol update nodename=$node state=drain reason=mine"
	c "sinfo -h -R -n $node -o '%E %u %N'"
	r "scontrol update nodename=$node state=down reason=mine"
	look "$node"
	end
done
