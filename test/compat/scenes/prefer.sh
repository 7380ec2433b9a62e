#workers: 5
#conf: NodeName=worker-1 CPUs=1 RealMemory=1800 Features=a,rack1,x;NodeName=worker-2 CPUs=1 RealMemory=1800 Features=b,rack1,x;NodeName=worker-3 CPUs=1 RealMemory=1800 Features=a,rack2,x
#conf: NodeName=worker-4 CPUs=1 RealMemory=1800 Features=b,rack2;NodeName=worker-5 CPUs=1 RealMemory=1800 Features=c,rack3,x
# shellcheck shell=bash disable=SC2154
# --prefer: what is kept of it, what is refused, and which nodes a job gets.
file=/home/alice/keep
printf '%s\n' 'id=$(sbatch --parsable -H "$@" -o /dev/null --wrap true) && scontrol show job $id | grep -oE " (Features|Prefer)=[^ ]*" && squeue -h -j $id -O Prefer,Feature' >$file
for what in a 'a&x' 'a|b' 'a,x' nosuch 'a|nosuch' '[a|b]' '[a*1&b*1]' 'a*2' 'a*9' 'a&' '&a' '|a' '((a))' 'a||b' '(a*1)' 'a*0' ',' '' '[[a|b]]' '!a'; do
	c "sh $file '--prefer=$what'"
done
differs "what is wrong in brackets is there not the preferred features' fault"
c "sh $file '--prefer=[a&b]'"
for what in "-C b --prefer=a" "--prefer=a -C nosuch" "--prefer=nosuch -C a" "-C a --prefer=" "-N3 --prefer=b"; do c "sh $file $what"; done
clear_
sub job -J job -H -o /dev/null --wrap true
for what in a 'a|b' a,x '[a|b]' 'a*9' nosuch 'a|' '[a' '()' '' a+ null; do
	c "scontrol update jobid=$job 'prefer=$what'"
	c "scontrol show job $job | grep -oE ' (Features|Prefer)=[^ ]*'; squeue -h -j $job -O Prefer,Feature"
done
c "scontrol update jobid=$job prefer=a features=b"
c "squeue -j $job -O Prefer:8,Feature:8"
c "scontrol show job $job"
c "squeue --json | grep -E '\"(prefer|features)\"' | tail -2"
c "scancel $job; scontrol show job $job | grep -oE ' (Features|Prefer)=[^ ]*'; squeue -h -t all -j $job -O Prefer,Feature"
idle
run() { # ARGS: which nodes an idle cluster has for it
	c "salloc -Q -I4 $1 sh -c 'printenv SLURM_JOB_NODELIST; squeue -h -j \$SLURM_JOB_ID -O Prefer,Feature; scontrol show job \$SLURM_JOB_ID | grep -oE \" (Features|Prefer)=[^ ]*\"'"
	idle
}
for what in "--prefer=b" "--prefer=b -N2" "--prefer=b -N3" "--prefer=nosuch" "--prefer=c -C a" "--prefer=a -C b" "--prefer='[rack3|rack2]' -N2" "--prefer='[b*1&c*1]' -N2" "--prefer='a&rack2'" "--prefer='a&b' -C a" \
	"--prefer=b -w worker-3" "--prefer=c -x worker-5" "--prefer='a*2' -N3" "--prefer=b -N1-3" "--prefer=b -n3" "--prefer=b -C x -N2" "--prefer='a|c' -N2"; do run "$what"; done
sub first -w worker-4,worker-2 -N2 -t 5 -o /dev/null --wrap "'sleep 600'"
state "$first" R
c "sbatch --test-only --prefer=b --wrap true 2>&1 | grep -o 'nodes .*'"
sub settles --prefer=b -C a -o /dev/null --wrap "'sleep 600'"
state "$settles" R
c "squeue -h -t R -O JobID:8,Prefer:8,Feature:8,NodeList:20"
c "scontrol show job $settles | grep -oE ' (Features|Prefer)=[^ ]*'"
quiet "scancel $first"
shows 4 sinfo -h -t idle -o %D
c "scontrol requeuehold $settles"
state "$settles" PD
c "scontrol show job $settles | grep -oE ' (Features|Prefer)=[^ ]*'"
c "scontrol update jobid=$settles prefer=c"
sub has --prefer=a -C b -o /dev/null --wrap "'sleep 600'"
state "$has" R
c "squeue -h -t R -O JobID:8,Prefer:8,Feature:8,NodeList:20"
c "scontrol update jobid=$has prefer=b"
c "scontrol update jobid=$has features=c"
c "scontrol requeuehold $has"
state "$has" PD
c "scontrol show job $has | grep -oE ' (Features|Prefer)=[^ ]*'"
clear_
