#conf: SelectTypeParameters=CR_Core_Memory;DefMemPerCPU=100;NodeName=worker-[1-3] CPUs=2 RealMemory=1800 Features=a
#cpus: 2
# shellcheck shell=bash disable=SC2154
# What no nodes can hold, however idle they are: refused at once, or left to wait.
quiet "scontrol create partitionname=two nodes=worker-[1-2] maxnodes=1"
quiet "scontrol create partitionname=max nodes=worker-[1-2] maxcpuspernode=1"
for what in "-n6 --mem-per-cpu=1000" "-n4 --mem-per-cpu=1000" "-n3 --mem-per-cpu=1000" "-N4" "-N4 -C a" "-p two -N2" "-p two -n3" "-p two -n4 -N1-2" "-p max -n3" "-p max -n2 -c2" "-p max -n2 -c1 -N1" "-n3 -x worker-[1-2]" \
	"-N3 -x worker-2" "-N2 --contiguous -x worker-2" "-n3 -N2 --contiguous -x worker-2" "-n6 --ntasks-per-node=1" "-n4 --ntasks-per-node=1 -N1-4" "-w worker-[1-3] -N1-2" "-n2 -c2 -w worker-1 -N1" "-n7 -C a" "-n7 -x worker-1" \
	"-n2 -c2 -w worker-1" "-n5 -x worker-1" "--mem=1700 -N3 -x worker-1" "-H -n3 -x worker-[1-2]" "--test-only -n3 -x worker-[1-2]"; do
	c "sbatch -o /dev/null $what --wrap 'sleep 1'"
	quiet "scancel -u alice"
done
differs "of several partitions the real one refuses what one of them can't hold, though it waits for the other's CPUs"
c "sbatch -o /dev/null -p two,max -n3 --wrap 'sleep 1'"
clear_
