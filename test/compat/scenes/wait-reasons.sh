#conf: PartitionName=DEFAULT Nodes=ALL;PartitionName=all Default=YES;PartitionName=short MaxTime=10;PartitionName=small MaxNodes=1;PartitionName=down State=DOWN;PartitionName=off State=INACTIVE;PartitionName=high PriorityTier=10;PartitionName=user ExclusiveUser=YES;PartitionName=mem MaxMemPerCPU=100
#workers: 3
# shellcheck shell=bash disable=SC2154
# What each that waits is said to wait for: limits and states of partitions, nodes that are down or drained, other jobs, holds, times, tasks.
said() { # NAME REASON ARGS...
	local name=$1 why=$2
	shift 2
	sub "$name" -J "$name" "$@" -o /dev/null --wrap "'exec sleep 600'"
	shows "$why" squeue -h -j "${!name}" -o %r
	c "squeue -h -j ${!name} -o '%j %t %r|%R'"
	c "scontrol show job ${!name} | grep -oE 'JobState=.*Dependency=.*'"
}
said time PartitionTimeLimit -p short -t 20
said nodes PartitionNodeLimit -p small -N2
said down PartitionDown -p down
said held JobHeldUser -H
said later BeginTime --begin=now+1hour
quiet "scontrol update nodename=worker-1 state=drain reason=fan"
quiet "scontrol update nodename=worker-2 state=down reason=power"
said named ReqNodeNotAvail -w worker-1
said named2 ReqNodeNotAvail -w worker-2
said three 'Nodes required' -N3
said user 'Nodes required' -p user -N2
quiet "scancel -u alice"
idle
sub first -J first -o /dev/null --wrap "'exec sleep 600'"
state "$first" R
said tier Resources -p high -n1
said behind Priority -n1
said depends Dependency -d "afterok:$first"
said never Dependency -d "afternotok:$first" --kill-on-invalid-dep=no
said array JobHeldUser -H -a 1-3
c "squeue -h -t PD -S j -o '%j %r' | grep -v behind" # which is told more than one reason, one after the other
quiet "scancel -u alice"
quiet "scontrol update nodename=worker-[1-2] state=resume"
idle
sub throttle -J throttle -a 1-4%1 -o /dev/null --wrap "'exec sleep 600'"
shows JobArrayTaskLimit squeue -h -j "$throttle" -o %r
c "squeue -h -S i -j $throttle -o '%j %t %K %r'"
sub one -J one -p high -N2 -o /dev/null --wrap "'exec sleep 600'"
state "$one" R
sub two -J two --nice=500 -o /dev/null --wrap "'exec sleep 600'"
sub three -J three -o /dev/null --wrap "'exec sleep 600'"
sub four -J four -p high -o /dev/null --wrap "'exec sleep 600'"
shows Resources squeue -h -j "$four" -o %r
quiet "scancel $one"
state "$four" R
state "$three" R
c "squeue -h -S j -n two,three,four -o '%j %t'"
quiet "scancel $three"
state "$two" R
sub off -J off -p small -o /dev/null --wrap "'exec sleep 600'"
quiet "scontrol update partitionname=small state=inactive"
shows PartitionInactive squeue -h -j "$off" -o %r
c "squeue -h -j $off -o '%j %t %r'"
clear_
