#workers: 3
#conf: NodeName=worker-1 CPUs=1 RealMemory=1800;NodeName=worker-[2-3] CPUs=2 RealMemory=1800;PartitionName=compute Nodes=ALL Default=YES;PartitionName=small Nodes=worker-1;PartitionName=mid Nodes=worker-[1-2]
# shellcheck shell=bash disable=SC2154,SC2086
# How many nodes and CPUs a pending job is said to need, and why one that can't ever start does not.
look() { c "squeue -h -j $1 -o '%t %r %D %C %c'; squeue -h -j $1 -O 'numcpus:|,maxcpus:|,mincpus:|,numnodes:|,maxnodes:|,numtasks:'; scontrol show job $1 | grep -E 'NumNodes'"; }
for args in "-n5" "-p small -n5" "-p small -n2" "-p mid -n2" "-p mid -n3" "-n4 -c2" "-N1-3 -n3 -p mid" "-N3" "-N1 -c2" "-n4 --ntasks-per-node=1" \
	"--ntasks-per-node=1 -N1-2" "--ntasks-per-node=2 -N2" "-n3 --mincpus=2" "-N2 --mincpus=2" "-n3 --exclusive" "-n5 --overcommit" \
	"-w worker-1,worker-2" "-N2 --mem=100" "-n4 --mem-per-cpu=50" "-N2-3 -n2" "-N1-3 -n1" "-N1-3 -n2" "-N3 -n2" "-N1-3" "-N2-3 -n9" "-N1-2 -n8 --ntasks-per-node=2" "-n13" "-N4" "-n9 -N2"; do
	sub h -J h -H -o /dev/null "$args" --wrap true
	look "$h"
done
quiet 'scancel -u alice'
never() { # ARGS UPDATE...
	sub h -J h -H -o /dev/null "$1" --wrap true
	shift
	c "scontrol update jobid=$h $*; scontrol release $h"
	reason "$h" BadConstraints
	look "$h"
}
never "-N2 -n2" reqnodelist=worker-1,worker-2 excnodelist=worker-1
never "-N2 -n2" minmemorynode=5000
never "-N2 -n2" mintmpdisknode=99999999
never "-N2 -n2" excnodelist=worker-1,worker-2
clear_
