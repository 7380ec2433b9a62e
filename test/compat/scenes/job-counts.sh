#conf: MaxJobCount=6;MaxArraySize=5;MaxStepCount=3;MaxJobId=4016;MinJobAge=3
# shellcheck shell=bash disable=SC2154
# How many jobs, tasks of an array and steps there may be at most, and what the refusals say; ids that begin anew at FirstJobId.
# An array's tasks count each.
for i in 0-5 0-4 4,5 5 0-4:2 4 0-4%2; do
	c "sbatch --test-only --array=$i -o /dev/null --wrap true 2>&1 | sed 's/Job [0-9]* .*/Job N/'"
done
c "sbatch -H --array=5 -o /dev/null --wrap true"
c "sbatch -H --array=1000000 -o /dev/null --wrap true"
c "sbatch -H --array=99999999999 -o /dev/null --wrap true"
sub arr --array=0-4 -H -J arr -o /dev/null --wrap true
c "squeue -h -r -o '%K' | sort"
c "sbatch --array=0-1 -H -o /dev/null --wrap true"
c "sbatch -H -J sixth -o /dev/null --wrap true | sed 's/[0-9]*$/N/'"
CAP_T=4 c "sbatch -H -o /dev/null --wrap true"
CAP_T=4 c "sbatch --array=0 -H -o /dev/null --wrap true"
CAP_T=4 c "srun true"
CAP_T=4 c "salloc true"
CAP_T=4 c "srun --immediate=2 true"
CAP_T=4 c "sbatch --test-only -o /dev/null --wrap true"
c "scancel -n sixth"
clear_
# Steps of a job.
sub steps -J steps -o steps.out --wrap "'for i in 1 2 3 4 5; do srun -n1 echo step \$i; echo \$?; done; exit 7'"
state "$steps" F
c "cat steps.out"
c "scontrol show job $steps | grep -oE 'JobState=.*|ExitCode=.*'"
# Ids begin anew, and pass over those of jobs that are there.
sub stays -H -J stays -o /dev/null --wrap true
c "echo $stays"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
	id=$(user alice "sbatch --parsable -H -o /dev/null --wrap true")
	echo "$id" >>all-ids
	user alice "scancel $id"
	shows "Invalid job id" scontrol show job "$id"
done
c "awk 'NR > 1 { print (\$1 == last + 1 ? \"next\" : \$1 == last + 2 ? \"passed over one\" : \$1 < last ? \"anew\" : \"odd\") } { last = \$1 }' all-ids | sort | uniq -c"
c "sort -n all-ids | awk 'NR == 1 { print \$1 - 4000 } \$1 > 4000 + 16'"
clear_
