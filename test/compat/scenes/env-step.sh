#cpus: 4
#part: environment
# shellcheck shell=bash
# The environment of steps, in a job of their own and in salloc's, and of salloc's commands.
ste
ste -J x
ste -c2
ste --ntasks-per-node=1
ste --ntasks-per-core=1
ste --ntasks-per-socket=1
ste --threads-per-core=1
ste --hint=nomultithread
ste --mem=100
ste --mem-per-cpu=10
ste --exact
ste --exclusive
ste --overlap
ste -m cyclic
ste -m block:cyclic:block
ste --cpu-bind=none
ste --cpu-bind=verbose,none
ste --cpu-bind=rank
ste --cpu-bind=map_cpu:0
ste --mem-bind=none
ste --mem-bind=local
ste --mem-bind=v,local
ste --cpu-freq=low
ste --export=ALL
ste --export=NONE
ste --export=A
ste -A lab
ste -q normal
ste -p compute
ste --profile=task
ste -d singleton
ste -K
ste -u
ste -W5
ste -t 5
ste --mpi=none
ste --acctg-freq=5
ste -k
ste --epilog=/bin/true
ste -i none -o all
ste --open-mode=append
ste --network=x
ste -S 1
ste --wckey=x
ste --comment=x
ste -b now
c "srun -Q -N2 -n3 -l ./vars | grep -v TASK_PID | sort"
c "srun -Q -N1 -O -n5 ./vars | grep -v TASK_PID | sort"
c "salloc -Q -N2 srun -N1 -n1 ./vars"
c "salloc -Q -N2 -n4 -c1 srun -n1 -N1 ./vars"
c "salloc -Q -N2 -n4 -c1 srun -n1 -N1 -c1 ./vars"
c "salloc -Q -N1 -n2 --mem=100 srun -n1 -N1 --mem=50 ./vars"
c "salloc -Q -N1 -n2 --mem-per-cpu=100 srun -n1 ./vars"
c "salloc -Q -N1 --ntasks-per-node=2 srun -n1 ./vars"
c "salloc -Q -N2 srun -J step -N1 -n1 -m cyclic ./vars"
c "salloc -Q -N2 --threads-per-core=1 srun -N1 -n1 ./vars"
c "salloc -Q -N2 --exclusive srun -N1 -n1 ./vars"
sal
sal -N2
sal -n4 -c2
sal -N2-3 -n3
sal -N2 --ntasks-per-node=2
sal --ntasks-per-core=1 -n2
sal --ntasks-per-socket=2
sal --threads-per-core=1
sal --hint=nomultithread
sal --mem=100
sal --mem-per-cpu=10
sal -m cyclic
sal -m plane=2 -n4
sal -O -n8 -N1
sal -A lab
sal -J x
sal -D /tmp
sal --profile=task
sal --mem-bind=verbose,local
sal --cpu-freq=low
sal --acctg-freq=task=5
sal -B 1:1:1
sal --exclusive
sal -S 1
sal --wait-all-nodes=1
sal --get-user-env
