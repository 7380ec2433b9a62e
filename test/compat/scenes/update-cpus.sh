#workers: 3
#cpus: 4
# shellcheck shell=bash disable=SC2154
# NumCPUs of a pending job: how many it gets, whatever its tasks need; a maximum bounds later updates.
look() { c "scontrol show job $1 | grep -oE '(JobState|Reason|NumNodes|NumCPUs|NumTasks|CPUs/Task|MinCPUsNode|TRES|NodeList)=[^ ]*' | paste -sd' '; squeue -h -j $1 -o '%C %D'; squeue -h -j $1 -O 'numcpus:|,maxcpus:|,mincpus:|,numnodes:|,maxnodes:|,numtasks:'"; }
cat >envjob <<'X'
#!/bin/bash
env | grep -E "^SLURM_.*(CPU|NTASKS|NPROCS|TASKS)" | sort
srun -l hostname 2>&1 | sort
X
go() {
	c "scontrol update jobid=$1 $2; scontrol release $1"
	state "$1" CD
	c "cat env.$1; scontrol show job $1 | grep -oE '(JobState|NumNodes|NumCPUs|NumTasks|CPUs/Task)=[^ ]*'"
}
never() {
	c "scontrol update jobid=$1 $2; scontrol release $1"
	reason "$1" BadConstraints
	look "$1"
	c "scancel $1"
}
sub wait -J wait -N1 -n2 -t 10 -H -o /dev/null --wrap "'sleep 100'"
look "$wait"
for what in 3 3-99 5-6 2 1 4-4 99; do
	c "scontrol update jobid=$wait numcpus=$what"
	look "$wait"
done
c "scontrol update jobid=$wait numcpus=3-4"
c "scontrol release $wait"
state "$wait" R
look "$wait"
sub two -J two -n2 -c2 -t 10 -H -o /dev/null --wrap true
for what in 3 2 1 8 6-9; do
	c "scontrol update jobid=$two numcpus=$what"
	look "$two"
done
clear_
sub fewer -J fewer -n2 -c2 -t 10 -H -o env.%j envjob
go "$fewer" numcpus=3
sub spread -J spread -n2 -t 10 -H -o env.%j envjob
go "$spread" numcpus=6
sub more -J more -n4 -t 10 -H -o env.%j envjob
go "$more" numcpus=2
sub plain -J plain -t 10 -H -o env.%j envjob
go "$plain" numcpus=3
sub nodes -J nodes -N2-3 -t 10 -H -o env.%j envjob
go "$nodes" numcpus=9
sub six -J six -N3 -n6 -t 10 -H -o env.%j envjob
go "$six" numcpus=7
sub few -J few -N3 -n6 -t 10 -H -o /dev/null --wrap "'sleep 100'"
c "scontrol update jobid=$few numcpus=2; scontrol release $few"
state "$few" R
look "$few"
clear_
sub many -J many -n2 -t 10 -H -o /dev/null --wrap true
never "$many" numcpus=9-99
sub one -J one -N2-3 -n2 -t 10 -H -o /dev/null --wrap true
never "$one" numcpus=9
clear_
# NumTasks leaves the CPUs as they are.
for args in "-n2 3" "-n3 2" "-N2 4" "-N2 -n2 3" "-N1 -n2 5"; do
	sub x -J x -t 10 -H -o /dev/null "${args% *}" --wrap "'sleep 100'"
	c "scontrol update jobid=$x numtasks=${args##* }; scontrol release $x"
	if [ "${args##* }" = 5 ]; then reason "$x" BadConstraints; else state "$x" R; fi
	look "$x"
	clear_
done
