#conf: SelectTypeParameters=CR_Core_Memory;PartitionName=DEFAULT Nodes=ALL;PartitionName=as Default=YES;PartitionName=core SelectTypeParameters=CR_Core;PartitionName=socket SelectTypeParameters=CR_Socket_Memory;PartitionName=bare SelectTypeParameters=cr_socket,CR_Memory;NodeName=worker-1 Sockets=2 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#workers: 1
# SelectTypeParameters of partitions: what a job gets, and what it leaves to others.
c 'scontrol show partition | grep -o -e "PartitionName.*" -e "SelectType.*"'
given='scontrol show job $(squeue -h -o %A) | grep -E "^ +(NumNodes|TRES|MinCPUsNode)"; sinfo -h -o "%C"; scontrol show node worker-1 | grep -oE "(CPUAlloc|AllocMem)=[0-9]+"'
for p in as core socket bare; do
	sub "one_$p" -p "$p" -J "one_$p" -n1 --mem=100 -o /dev/null --wrap "'exec sleep 600'"
	state "$(squeue -h -o %A)" R
	c "$given"
	clear_
	sub "three_$p" -p "$p" -J "three_$p" -n3 --mem=100 -o /dev/null --wrap "'exec sleep 600'"
	state "$(squeue -h -o %A)" R
	c "$given"
	clear_
done
# Without a word: all of the node's memory, where it counts.
for p in as core socket bare; do
	sub "all_$p" -p "$p" -J "all_$p" -n1 -o /dev/null --wrap "'exec sleep 600'"
	state "$(squeue -h -o %A)" R
	c "$given"
	sub "next_$p" -p "$p" -J "next_$p" -n1 -o /dev/null --wrap "'exec sleep 600'"
	c "until squeue -h -n next_$p -o \"%t %r\" | grep -qE \"^R|Resources\"; do sleep 0.1; done; squeue -h -S j -o '%j %t %r'"
	clear_
done
c 'sbatch -p core --mem=2000 --wrap true'
c 'sbatch -p socket --mem=2000 --wrap true'
c 'scontrol update partitionname=as selecttypeparameters=CR_Socket'
