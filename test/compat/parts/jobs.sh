# shellcheck shell=bash disable=SC2154,SC2034
# Jobs of all kinds: ended well and badly, cancelled, running, with a step, suspended, an array, waiting for each reason.
sub done -J done -t 7 -o /dev/null --wrap "'exit 0'"
sub bad -J bad -o /home/alice/bad.out --wrap "'exit 3'"
state "$done" CD
state "$bad" F
idle
sub runs -J runs -N2 --exclusive -t 60 -A lab --wckey=key --mincpus=1 -o /home/alice/runs.%j --wrap "'exec sleep 900'"
state "$runs" R
sub steps -J steps -w worker-3 -n1 -t 90 -o out -e err -i /dev/null -D /tmp --comment=why --wrap "'srun -J one sleep 900'"
state "$steps" R
shows "$steps.0" squeue -h -s -o %i
sub sus -J sus -w worker-3 -n1 -t 95 -o /dev/null --open-mode=append --wrap "'exec sleep 900'"
state "$sus" R
quiet "scontrol suspend $sus"
state "$sus" S
sub big -J a_name_that_is_wider_than_any_column -N3 --exclusive -t 1-02:03:04 --time-min=30 --mem=1024 --nice=50 -o /dev/null --requeue \
	--comment=a_comment --chdir=/tmp --sockets-per-node=1 --ntasks-per-node=1 -c1 --wrap "'exec sleep 900'"
sub dep -J dep -d "afterok:$runs" -x worker-1 --no-requeue --mem-per-cpu=100 -o /dev/null --wrap "'exec sleep 900'"
sub later -J later -b now+1hour -t 30 -N1-2 -o /dev/null --wrap "'exec sleep 900'"
sub held -J held -H -s -o /dev/null --wrap "'exec sleep 900'"
sub arr -J arr -a 1-9:2%2 --exclusive -o /dev/null --wrap "'exec sleep 900'"
sub gone -J gone -H -o /dev/null --wrap "'exec sleep 900'"
quiet "scancel $gone"
state "$gone" CA
reason "$big" Priority
reason "$dep" Dependency
reason "$later" BeginTime
reason "$arr" Resources
all="$done,$bad,$runs,$steps,$sus,$big,$dep,$later,$held,$arr,$gone"
