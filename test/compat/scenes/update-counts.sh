#workers: 3
#cpus: 4
#conf: PartitionName=compute Nodes=ALL Default=YES MaxTime=INFINITE;PartitionName=other Nodes=ALL MaxTime=60
# shellcheck shell=bash disable=SC2154
# Counts of nodes and CPUs, and limits of 0, in an update; what squeue's tres columns show.
look() { c "scontrol show job $1 | grep -oE '(NumNodes|NumCPUs|NumTasks|CPUs/Task|TimeLimit|MinCPUsNode)=[^ ]*'; squeue -h -j $1 -o '%C %D %l'; squeue -h -j $1 -O 'numcpus:|,maxcpus:|,mincpus:|,numnodes:|,maxnodes:|,numtasks:'"; }
sub run -J run -N1 -n2 -t 10 -o /dev/null --wrap "'exec sleep 300'"
sub wait -J wait -N1 -n2 -t 10 -H -o /dev/null --wrap true
sub limit -J limit -p other -t 10 -H -o /dev/null --wrap true
state "$run" R
for what in 2-1 5- -5 3-x x-3 3-0 0-3 0-0 3,4; do
	c "scontrol update jobid=$wait numcpus=$what"
done
c "scontrol update jobid=$run numcpus=3-6"
c "scontrol update jobid=$run numcpus=2"
r "scontrol update jobid=$run numcpus=1-4"
for what in 2-3 1-3 1 2-2 2; do
	c "scontrol update jobid=$wait numnodes=$what"
	look "$wait"
done
c "scontrol update jobid=$wait numnodes=3"
for what in 0 0:00 0-0 INFINITE UNLIMITED 5 0:30 +0 -0 +5; do
	for who in c r; do
		for job in "$wait" "$limit" "$run"; do
			[ "$job" = "$run" ] && [ "${what#0}" != "$what" ] && [ "$what" != 0:30 ] && continue
			$who "scontrol update jobid=$job timelimit=$what; scontrol show job $job | grep -oE 'TimeLimit=[^ ]*'"
		done
	done
done
c "scontrol update jobid=$run timelimit=0; scontrol show job $run | grep -oE 'TimeLimit=[^ ]*'"
state "$run" TO
clear_
# Columns.
sub plain -J plain -N2 -n5 -c1 --mem=100 -t 10 -o /dev/null --wrap "'exec sleep 300'"
state "$plain" R
sub held -J held -N1-2 -n3 -c2 --mem-per-cpu=50 -H -o /dev/null --wrap true
sub whole -J whole -N1 --exclusive -t 10 -o /dev/null --wrap "'exec sleep 300'"
state "$whole" R
for column in tres tres-alloc tres-per-job tres-per-node tres-per-socket tres-per-step tres-per-task tres-bind tres-freq cpus-per-tres mem-per-tres gres; do
	c "squeue -S i -O 'jobarrayid:0,$column:60' 2>&1 | sed 's/^ *[0-9]* *//'"
done
c "squeue -h -S i -O 'jobid:10,tres-alloc'"
clear_
