#workers: 3
#conf: NodeName=worker-1 CPUs=1 RealMemory=1800 Feature=a,b Weight=5;NodeName=worker-2 CPUs=1 RealMemory=1700 Features=b,c Weight=2;NodeName=worker-3 CPUs=1 RealMemory=1800 Weight=9
# shellcheck shell=bash disable=SC2154
# Features and weights of nodes: as slurm.conf has them, as scontrol changes them; and which node a job gets.
u() { r "scontrol update nodename=$1"; }
look() {
	c "sinfo -h -N -o '%N %f %b %w'"
	c "scontrol show node worker-[1-3] | grep -oE '(Available|Active)Features=.*|Weight=[0-9]*'"
}
look
c "sinfo -o '%f %b %w %N'"
c "sinfo -e -o '%f %b %w %N'"
for letter in w f b m c; do
	c "sinfo -h -o '%$letter %N'"
	c "sinfo -h -e -o '%$letter %N'"
done
c "sinfo -N -O nodelist,features,features_act,weight"
c "sinfo -h -S w -N -o '%N %w'"
c "sinfo -h -S -f -N -o '%N %f'"
take() { # NAME ARGS
	sub "$1" "$2" -o /dev/null --wrap "'exec sleep 300'"
	state "${!1}" R
	c "squeue -h -j ${!1} -o %N"
}
take first ''
take second ''
take third ''
clear_
take c '-C c'
take b '-C b'
clear_
take ab "-C 'a&b'"
clear_
u "worker-3 weight=1"
u "worker-[1-2] weight=4000"
take light ''
clear_
for what in weight=-1 weight=abc weight=4294967295 weight=4294967294 weight=99999999999 weight= weight=1.5 weight=0; do
	u "worker-1 $what"
	c "sinfo -h -N -n worker-1 -o %w"
done
u "worker-1 weight=5"
for what in activefeatures=a activefeatures=z activefeatures=a,z activefeatures= availablefeatures=a availablefeatures=a,b,d activefeatures=d features=e,f \
	availablefeatures=g activefeatures=g availablefeatures= features="'h i'" features=h+=1 availablefeatures+=x activefeatures-=g activefeatures= availablefeatures= feature=one avail=two active=two; do
	u "worker-1 $what"
	c "sinfo -h -N -n worker-1 -o '%f %b'"
done
u "worker-1 availablefeatures=on,off activefeatures=on"
c "sinfo -h -N -n worker-1 -o '%f %b'"
c "sbatch -C off -o /dev/null --wrap true"
sub off -C off -H -o /dev/null --wrap true
c "squeue -h -j $off -o '%t %r'"
c "sbatch -C nosuch --wrap true -o /dev/null"
c "srun -C on hostname"
u "worker-1 activefeatures=off"
r "scontrol release $off"
state "$off" CD
c "scontrol update nodename=worker-1 features=mine"
c "scontrol update nodename=worker-1 weight=3"
u "worker-[1,3] features=both"
c "sinfo -h -o '%f %N'"
r "scontrol reconfigure"
look
