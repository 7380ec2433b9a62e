#cpus: 2
#part: jobs
# shellcheck shell=bash disable=SC2154
# squeue: sorting by every key, every filter and option with its mistakes, and the variables.
q() { c "squeue -h -S i -o '%i %j %t' $*"; }
for key in a c d f g j k l m o p q r s t u v w x y z A B C D E F G H I J K O P Q R T U V W X Y Z -i -j -t,j +u,-P,i '#P,i' P,t,-p p,i -p,i -C,i cluster \
	cluster,i i,cluster 0 ! '' , ii 'i j' i,,j -- - i- L,i; do
	c "squeue -h -t all -j $all -o '%i %j %t' -S '$key,i'"
done
for key in i -i u,i P,i N,i l,i A,i F,i t,i Z,i p,i; do
	c "squeue -h -s -o '%i' -S '$key'"
done
q "-t all -j $all"
for states in PD pd PENDING pending R,PD cd,f,ca all ALL completed S CG CF bogus 'PD,bogus' '' , 'R,' R,,PD 'R PD' RUNNING,all UNKNOWN RS SE SO ST SI RQ RF RH RD RV OOM BF DL NF PR TO; do
	q "-t '$states' -j $all"
done
for name in runs runs,held nosuch '' , 'runs,' ; do
	q "-n '$name'"
done
for users in alice 20001 alice,bob bob nosuch alice,nosuch '' , -1 root ALICE; do
	q "-u '$users'"
done
q --me
b "squeue -h --me -o %i"
q --me -u bob
for part in compute nosuch compute,nosuch '' COMPUTE; do
	q "-p '$part'"
done
for nodes in worker-1 worker-3 'worker-[1-3]' worker-1,worker-3 nosuch worker-9 '' , localhost head 'worker-[1-9]'; do
	q "-w '$nodes'"
done
for acct in lab other lab,other ''; do
	q "-A '$acct'"
done
for qos in normal nosuch ''; do
	q "-q '$qos'"
done
for resv in nosuch ''; do
	q "-R '$resv'"
done
for lic in matlab '' matlab:1; do
	q "-L '$lic'"
done
for ids in "$runs" "$runs,$held" "$arr" "${arr}_3" "${arr}_99" "$done" "$runs,999" 999 999,998 abc '' , 0 -1 "$runs," "$runs.0" "$runs+1" "$runs " "${runs}_1" 12x 99999999999; do
	q "-j'$ids'"
	q "--jobs='$ids'"
done
differs "the array's limit is shown of these tasks, too"
q "-j${arr}_3,${arr}_5"
q -j
q "-j $runs"
q "-t PD -j $runs"
q "-t all -j $done"
for ids in "$steps.0" "$steps.9" "${arr}_3.0"; do
	c "squeue -h -S i -o '%i %j' -s'$ids'"
	c "squeue -h -S i -o '%i %j' --steps='$ids'"
done
for ids in "$steps" "$steps.batch" abc "$steps."; do
	differs 'here all steps of a job can be named, and a step by its name'
	c "squeue -h -S i -o '%i %j' -s$ids"
done
c "squeue -h -S i -o %i -s -j $steps"
c "squeue -h -S i -o %i -s -u bob"
c "squeue -h -S i -o %i -s -n one"
c "squeue -h -S i -o %i -s -n steps"
c "squeue -h -S i -o %i -s -w worker-1"
c "squeue -h -S i -o %i -s -p nosuch"
c "squeue -h -S i -o %i -s -t PD"
c "squeue -s | sed -E 's/[0-9:]+:[0-9]{2} /T /'"
c "squeue -s -l | sed -E 's/[0-9:]+:[0-9]{2} /T /'"
c "squeue -s -r -h -o %i -S i"
# Arrays.
q -r
q --array
q --array-unique
q "-r -t all -j $arr"
c "squeue -h -j $arr -o '%i|%F|%K|%A'"
c "squeue -h -r -j $arr -o '%i|%F|%K|%A'"
c "SLURM_BITSTR_LEN=64 squeue -h -j $arr -o '%i|%K'"
c "SLURM_BITSTR_LEN=0 squeue -h -j $arr -o '%i|%K'"
c "SLURM_BITSTR_LEN=x squeue -h -j $arr -o '%i|%K'"
sub long -J long -H -a 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47 -o /dev/null --wrap "'exec sleep 900'"
c "squeue -h -j $long -o '%i|%K'"
c "squeue -h -j $long -O jobarrayid:80,arraytaskid:80"
c "SLURM_BITSTR_LEN=0 squeue -h -j $long -o '%i|%K'"
c "SLURM_BITSTR_LEN=20 squeue -h -j $long -o '%i|%K'"
c "SLURM_BITSTR_LEN=200 squeue -h -j $long -o '%i|%K'"
quiet "scancel $long"
# Formats of the options.
for how in -l '-o %i --start -S i' -la -h '-h -l' -P '--priority -h' -a --all --hide '--hide -a' --local --federation --sibling --noconvert \
	'--noconvert -h -o %m' '-h -o %m'; do
	c "squeue $how | sed -E 's/ [0-9:]*[0-9]:[0-5][0-9] / T /g; s/  +/ /g'"
done
c "squeue --start -S i -j $dep,$held,$later"
c "squeue --start -l -S i -j $dep,$held,$later"
c "squeue --start -t all -S i -j $dep,$held,$later,$done | cut -c 1-60"
differs 'what to do about it, in place of a database that is not there'
c "squeue -M nosuch"
for how in -M -x --bogus --jobs=, --iterate -i '-i x' '-i 0' '-i -1' --sort -S --format '-p' --states --me=x --qos '--only-job-state' \
	'--format=' '--json=x' '--expand-patterns' -1 extra "extra $runs" --array=x --start=x --nodes=worker-1 --nodelist --usr -hh -Q; do
	c "squeue -h -o %i -S i $how 2>&1 | sed -E 's/^squeue: (debug|verbose).*/VERBOSE/' | grep -v VERBOSE | sed '/^DATE$/d'"
done
for set in SQUEUE_ACCOUNT=lab SQUEUE_ALL=1 SQUEUE_ARRAY=1 SQUEUE_ARRAY_UNIQUE=1 SQUEUE_NAMES=runs SQUEUE_NAME=runs SQUEUE_FEDERATION=1 SQUEUE_LICENSES=x SQUEUE_LOCAL=1 \
	SQUEUE_PARTITION=nosuch SQUEUE_PRIORITY=1 SQUEUE_QOS=x SQUEUE_SIBLING=1 SQUEUE_SORT=-i SQUEUE_STATES=PD SQUEUE_STATES=bogus SQUEUE_USERS=bob SQUEUE_USERS=nosuch \
	SQUEUE_NODELIST=worker-3 SQUEUE_START=1 SQUEUE_SORT=!; do
	c "$set squeue -h -o '%i %j %t'"
done
c "SQUEUE_STATES=PD squeue -h -t R -S i -o %i"
c "SQUEUE_USERS=bob squeue -h -u alice -S i -o %i"
c "SQUEUE_SORT=-i squeue -h -S i -o %i"
for format in standard relative '%H' '' '%a %T' 'at %s' bogus; do
	c "SLURM_TIME_FORMAT='$format' squeue -h -S i -j $runs,$held,$later -o '%i|%V|%S|%e' | sed -E 's/[0-9]/9/g'"
done
c "stdbuf -oL squeue -h -i 1 -j $runs -o %i | head -n 3"
c "stdbuf -oL squeue -i 1 -j $runs -o %i | head -n 4"
clear_
