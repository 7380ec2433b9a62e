#cpus: 4
#part: environment
# shellcheck shell=bash
# The environment of batch scripts, under each option that has a say in it.
bat
bat -N2
bat -N2-3 -n3
bat -N1-2
bat -n4 -c2
bat -N2 --ntasks-per-node=2
bat -n4 --ntasks-per-node=2
bat --ntasks-per-core=1 -n2
bat --ntasks-per-socket=1 -n2
bat --threads-per-core=1
bat --hint=nomultithread
bat --hint=compute_bound
bat --hint=multithread
bat -B 1:1:1
bat --mem=100
bat --mem-per-cpu=10
bat -m cyclic
bat -m plane=2 -n4
bat -O -n8 -N1
bat --exclusive
bat --mincpus=2
bat -A lab
bat -q normal
bat --wckey=k
bat --profile=task
bat --profile=none
bat --export=ALL
bat --export=NONE
bat --export=A
bat --get-user-env
bat --mem-bind=local
bat --mem-bind=verbose,local
bat --mem-bind=map_mem:0
bat --cpu-freq=low
bat --cpu-freq=1000000-2000000:ondemand
bat --acctg-freq=task=5
bat --switches=1
bat --power=level
bat -d singleton
bat --nice=5
bat -k
bat -t 5
bat -J x
bat -D /tmp
bat --open-mode=append
bat --comment=c
bat -w worker-2
bat -p compute
bat -S 1
bat --delay-boot=5
bat --network=x
bat --spread-job -N2
bat --contiguous
bat --wait-all-nodes=1
bat --gpu-bind=closest
bat --gpu-freq=low
bat --array=3-7:2%1 --requeue
