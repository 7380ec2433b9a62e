#conf: SelectTypeParameters=CR_Core;PartitionName=DEFAULT Nodes=ALL;PartitionName=no Default=YES;PartitionName=nob;PartitionName=f1 OverSubscribe=FORCE:1;PartitionName=f2 OverSubscribe=FORCE:2;PartitionName=f2b OverSubscribe=FORCE:2;PartitionName=f3 Shared=FORCE:3;PartitionName=y2 OverSubscribe=YES:2;PartitionName=ex OverSubscribe=EXCLUSIVE;PartitionName=hi OverSubscribe=FORCE:2 PriorityTier=10;PartitionName=eu ExclusiveUser=YES;PartitionName=fe OverSubscribe=FORCE:2 ExclusiveUser=YES;PartitionName=xe OverSubscribe=EXCLUSIVE ExclusiveUser=YES
#workers: 1
#cpus: 4
# shellcheck shell=bash disable=SC2154,SC2016
# Jobs that have CPUs together: by their partitions, over several partitions, and what they say themselves.
job() { # NAME ARGS...
	local name=$1
	shift
	sub "$name" -J "$name" "$@" -o /dev/null --wrap "'exec sleep 600'"
}
bobs() { # NAME ARGS...
	local name=$1 id
	shift
	id=$(user bob "cd /tmp && sbatch --parsable -J $name $* -o /dev/null --wrap 'exec sleep 600'")
	ids "$name" "${id:-0}"
}
runs() { local one; for one; do state "${!one}" R; done; }
# The first of those that wait has its reason; those behind it wait.
waits() { reason "${!1}" "${2:-Resources}"; }
shown() {
	c "squeue -h -S i -o '%j %t %P %C %h'"
	c "for j in \$(squeue -h -t R -S i -o %i); do scontrol -d show job \$j | grep -oE 'JobName=.*|CPU_IDs=[^ ]*' | xargs; done"
	c "sinfo -h -p no -o '%t %C'"
}
c "sinfo -h -o '%R %h'"
c "scontrol show partition | grep -oE '(PartitionName|OverSubscribe|ExclusiveUser)=[^ ]*' | xargs -n3"
# As many as the partition says, on each CPU; those that nobody has come first.
for i in 1 2 3 4 5 6 7 8 9; do job "a$i" -p f2 -n1; done
runs a1 a2 a3 a4 a5 a6 a7 a8
waits a9
shown
c "scontrol show node worker-1 | grep -oE 'CPUAlloc=[0-9]+|State=[A-Z+]*|AllocTRES=.*'"
clear_
job b1 -p f2 -n2
job b2 -p f2 -n3
job b3 -p f2 -n2
job b4 -p f2 -n1
job b5 -p f2 -n1
runs b1 b2 b3 b4
waits b5
shown
c "scancel $b2"
runs b5
shown
clear_
job c1 -p f3 -n3
job c2 -p f3 -n3
job c3 -p f3 -n3
job c4 -p f3 -n3
runs c1 c2 c3
waits c4
shown
clear_
# Whole nodes that are shared all the same.
job d1 -p f2 -n2
job d2 -p f2 -n1 --exclusive
job d3 -p f2 -n2
job d4 -p f2 -n1
runs d1 d2 d3
waits d4
shown
clear_
# Who asks for it.
job e1 -p y2 -n4 -s
job e2 -p y2 -n1 --oversubscribe
job e3 -p y2 -n1
runs e1 e2
waits e3
shown
clear_
job e4 -p y2 -n2
job e5 -p y2 -n4 -s
runs e4
waits e5
shown
clear_
job e6 -p y2 -n2 -s
job e7 -p y2 -n1 -s --exclusive
runs e6
waits e7
shown
clear_
job g1 -p no -n4 -s
job g2 -p no -n1 -s
runs g1
waits g2
shown
clear_
# Over several partitions: all who share do so with each other, whatever their tiers.
job h1 -p f2 -n4
runs h1
job h2 -p f2b -n4
runs h2
job h3 -p hi -n4
runs h3
job h4 -p f1 -n4
runs h4
job h5 -p y2 -n4 -s
runs h5
job h6 -p f1 -n1
waits h6
shown
clear_
for p in no ex "y2" "no --exclusive"; do
	job i1 -p "$p" -n4
	runs i1
	job i2 -p f2 -n4
	waits i2
	c "squeue -h -S i -o '%j %t %P %C %h'"
	clear_
	job i3 -p f2 -n4
	runs i3
	job i4 -p "$p" -n1
	waits i4
	c "squeue -h -S i -o '%j %t %P %C %h'"
	clear_
done
job j1 -p hi -n4
runs j1
job j2 -p no -n4
waits j2
shown
clear_
# One user's nodes.
for p in eu "no --exclusive=user"; do
	job k1 -p "$p" -n1
	runs k1
	bobs k2 -p no -n1
	waits k2
	c "squeue -h -S i -o '%j %t %P %C %h'"
	r "scancel $k2"
	job k3 -p no -n1
	runs k3
	bobs k4 -p eu -n1
	waits k4
	c "squeue -h -S i -o '%j %t %P %C %h'"
	clear_
done
job l1 -p fe -n4
runs l1
bobs l2 -p fe -n1
waits l2
shown
clear_
# Another configuration: who has CPUs alone keeps them so.
job o1 -p no -n4
runs o1
job o2 -p no -n4
waits o2
r "scontrol update partition=no oversubscribe=force:2"
job o3 -p no -n4
shown
r "scancel $o1"
runs o2
runs o3
shown
r "scontrol update partition=no oversubscribe=no"
job o4 -p no -n1
waits o4
shown
clear_
