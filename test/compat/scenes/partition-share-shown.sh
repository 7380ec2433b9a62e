#conf: SelectTypeParameters=CR_Core;PartitionName=DEFAULT Nodes=ALL;PartitionName=no Default=YES;PartitionName=nob;PartitionName=f1 OverSubscribe=FORCE:1;PartitionName=f2 OverSubscribe=FORCE:2;PartitionName=f2b OverSubscribe=FORCE:2;PartitionName=f3 Shared=FORCE:3;PartitionName=y2 OverSubscribe=YES:2;PartitionName=ex OverSubscribe=EXCLUSIVE;PartitionName=hi OverSubscribe=FORCE:2 PriorityTier=10;PartitionName=eu ExclusiveUser=YES;PartitionName=fe OverSubscribe=FORCE:2 ExclusiveUser=YES;PartitionName=xe OverSubscribe=EXCLUSIVE ExclusiveUser=YES
#workers: 1
#cpus: 4
# shellcheck shell=bash disable=SC2154,SC2016
# What is said of a job's sharing, before the start and after.
job() { # NAME ARGS...
	local name=$1
	shift
	sub "$name" -J "$name" "$@" -o /dev/null --wrap "'exec sleep 600'"
}
runs() { local one; for one; do state "${!one}" R; done; }
for p in no f1 f2 y2 ex eu fe xe; do
	more=
	[[ $p == no ]] && more='-s:--exclusive --exclusive:-s --exclusive=user:-s -s:--exclusive=user'
	for o in "" -s --exclusive --exclusive=user --exclusive=mcs $more; do
		job m1 -p $p -n1 -H "${o/:/ }"
		c "squeue -h -j $m1 -o '$p $o %h' -t all; scontrol show job $m1 | grep -o 'OverSub[^ ]*'"
		quiet "scontrol release $m1"
		runs m1
		c "squeue -h -j $m1 -o '$p $o %h %C' -t all; scontrol show job $m1 | grep -o 'OverSub[^ ]*'"
		quiet "scancel $m1"
		state "$m1" CA
		idle
	done
done
c "sbatch --exclusive=other --wrap true"
c "srun --exclusive=us true"
differs "chance: whether the notice of the end comes before the command ends"
c "salloc --exclusive=user -n1 squeue -h -O OverSubscribe"
idle
job n1 -p no -H -n1
for v in yes no ok user YES; do
	r "scontrol update jobid=$n1 oversubscribe=$v"
	c "squeue -h -j $n1 -o %h"
done
clear_
