#workers: 1
# shellcheck shell=bash disable=SC2154
# More or less time than a job has.
sub run -J run -t 10 -o /dev/null --wrap "'exec sleep 300'"
sub wait -J wait -t 10 -H -o /dev/null --wrap true
sub tasks -J tasks -a 1-3 -t 10 -H -o /dev/null --wrap true
state "$run" R
for job in "$run" "$wait" "${tasks}_2" 99999; do
	for what in -=15 =-15 +=5 =+5 -=2 =-0 +=0; do
		c "scontrol update jobid=$job timelimit$what; scontrol show job $job | grep -oE 'TimeLimit=[^ ]*'"
	done
done
c "scontrol update timelimit-=2 jobid=$wait"
c "scontrol update jobname=wait timelimit-=2"
clear_
