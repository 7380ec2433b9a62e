#workers: 3
#cpus: 4
# shellcheck shell=bash disable=SC2154
# How many tasks each node of a step gets, and --nodelist that is shorter than --nodes, of a job and of a step.
count() { c "salloc -Q $1 srun $2 sh -c 'echo \$SLURMD_NODENAME' | sort | uniq -c | xargs"; }
for n in 4 5 7 8 10; do count '-N3 -n12' "-n$n"; done
for n in 4 5 6 7 8; do count '-N3 -n8' "-N3 -n$n"; done
for n in 4 5 6 7; do count '-N3 -n8' "-N3 -m block -n$n"; done
for n in 3 4 5 6; do count '-N3 -n8' "-N2 -n$n"; done
for n in 2 3 4 ; do count '-N3 -n12' "-N2 -c2 -n$n"; done
for n in 4 5 6 7; do count '-N3 --exclusive' "-N2 -n$n"; done
for n in 4 5; do count '-N3 -n3 -c4' "-N2 -m block -c1 -n$n"; done
host='sh -c "echo \$SLURM_PROCID \$SLURMD_NODENAME"'
for args in '-N2 -w worker-1' '-N3 -w worker-2' '-N2 -n4 -w worker-1' '-N2 -w worker-3 -x worker-1'; do
	c "timeout 20 srun $args $host | sort"
done
for args in '-N2 -w worker-3' '-N3 -w worker-2' '-N2 -n4 -w worker-3' '-N2 -n2 -w worker-2' '-N1 -n1 -w worker-3' '-N2 -w worker-1,worker-2' \
	'-N2 -w worker-3 -x worker-1' '-N2 -n3 -m cyclic -w worker-2' '-N1-3 -n3 -w worker-2' '-N2 -n4' '-N2 -n5 -w worker-3' '-N2 -n5 -w worker-2' '-N2 -n3 -w worker-3' '-N2 -n6 -w worker-3' '-N2 -n7' '-N2 -n4 -w worker-2,worker-3' '-N2 -n1 -w worker-3'; do
	c "timeout 20 salloc -Q -N3 -n12 srun $args $host 2>&1 | sort"
done
clear_
