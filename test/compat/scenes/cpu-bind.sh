#conf: TaskPlugin=task/affinity;NodeName=worker-1 Sockets=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1800
#workers: 1
#cpus: 2
# shellcheck shell=bash disable=SC2016
# --cpu-bind and --mem-bind where tasks are bound: what is said of it, what the tasks' environment has, and the words for mistakes. The
# order of the reports is chance, and so are process ids.
said='2>&1 | sed -E "s/\[[0-9]+\]/[PID]/" | sort'
allowed='sed -n s/Cpus_allowed_list:.//p /proc/self/status'
for kind in verbose v,none v,no v,rank v,sockets v,cores v,threads v,ldoms v,rank_ldom v,map_cpu:0 v,map_cpu:1,0 v,map_cpu:0*2,1 v,mask_cpu:3 \
	v,mask_cpu:0x2,0x1 v,map_ldom:0 v,map_ldom:1 v,mask_ldom:1 v,mask_ldom:2 v,cores,threads q quiet,cores; do
	c "srun -n2 -l --cpu-bind=$kind $allowed $said"
done
for kind in v v,none v,sockets v,cores v,threads v,ldoms v,map_cpu:0 v,mask_cpu:1; do
	c "srun -n1 --cpu-bind=$kind $allowed $said"
done
for kind in v,map_cpu:1 v,map_cpu:7 v,mask_cpu:2 v,mask_cpu:f0 v,rank q,rank rank_ldom; do c "srun -n1 --cpu-bind=$kind true"; done
c "srun -n1 -c2 --cpu-bind=v $allowed $said"
c "srun -O -n4 --cpu-bind=v true $said"
for kind in cores sockets threads; do c "srun -O -n4 --cpu-bind=v,$kind true $said"; done
for args in -n1 -n2 '-n1 --cpu-bind=v' '-n2 --cpu-bind=none' '-n1 --cpu-bind=none' '-n2 --cpu-bind=v,rank' '-n2 --cpu-bind=cores' '-n2 --cpu-bind=mask_cpu:1,2' \
	'-n1 -c2' '-n1 --threads-per-core=1' '-n2 --mem-bind=local' '-n1 --mem-bind=v' '-n1 --mem-bind=p,local'; do
	c "srun $args bash -c 'env | grep _BIND' $said"
done
c "SLURM_CPU_BIND=verbose srun -n1 $allowed $said"
c "salloc -Q -n2 bash -c 'srun -n1 --cpu-bind=v $allowed; srun -n1 --exact --cpu-bind=v $allowed; srun -n2 --cpu-bind=v $allowed; srun -n1 --cpu-bind=v,map_cpu:1 $allowed' $said"
sub one -n1 -o one.out --wrap "'$allowed; env | grep CPU_BIND'"
sub two -n2 -o two.out --wrap "'$allowed'"
state "$one" F
state "$two" CD
c "cat one.out two.out"
for kind in v v,none v,local v,map_mem:0 v,mask_mem:1 v,p,local q,local; do c "srun -n2 -l --mem-bind=$kind true $said"; done
for kind in v,rank v,map_mem:1 v,mask_mem:2; do c "srun -n1 -l --mem-bind=$kind true $said"; done
for kind in help wrong map_cpu map_cpu: map_cpu:x map_cpu:0,1x mask_cpu:zz mask_cpu:0x1,q boards cores,wrong; do c "srun -n1 --cpu-bind=$kind true"; done
