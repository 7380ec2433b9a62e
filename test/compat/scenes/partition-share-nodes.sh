#conf: SelectTypeParameters=CR_Core;PartitionName=DEFAULT Nodes=ALL;PartitionName=no Default=YES;PartitionName=f2 OverSubscribe=FORCE:2;PartitionName=f OverSubscribe=FORCE
#workers: 3
#cpus: 4
# shellcheck shell=bash disable=SC2154,SC2016
# Which nodes and CPUs those get that share them.
job() { # NAME ARGS...; and it starts
	local name=$1
	shift
	sub "$name" -J "$name" "$@" -o /dev/null --wrap "'exec sleep 600'"
	state "${!name}" R
}
shown() {
	c "squeue -h -S i -o '%j %t %P %C %N'"
	c "for j in \$(squeue -h -t R -S i -o %i); do scontrol -d show job \$j | grep -oE 'JobName=.*|Nodes=.*CPU_IDs=[^ ]*' | xargs; done"
	c "sinfo -h -N -p no -o '%N %t %C'"
	clear_
}
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do job "a$i" -p f2 -n1; done
shown
job b1 -p f2 -n2
job b2 -p f2 -n3
job b3 -p f2 -n3
job b4 -p f2 -n2
job b5 -p f2 -n4
job b6 -p f2 -N2 -n4
shown
job d1 -p f2 -N2 -n8
job d2 -p f2 -n1
job d3 -p f2 -N2 -n6
job d4 -p f2 -n2
shown
job e1 -p f2 -N1 --exclusive
job e2 -p f2 -N1 --exclusive
job e3 -p f2 -N1 --exclusive
job e4 -p f2 -N1 --exclusive
shown
job g1 -p f2 -n4
job g2 -p f2 -n2
job g3 -p f2 -n3
job g4 -p f2 -n3
job g5 -p f2 -n3
shown
for i in 1 2 3 4 5 6 7 8 9; do job "h$i" -p f -n4; done
shown
