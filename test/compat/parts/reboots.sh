#conf: PartitionName=compute Nodes=ALL Default=YES State=UP;SlurmdTimeout=60;MinJobAge=600;NodeName=worker-1 CPUs=1 RealMemory=1000;NodeName=extra NodeHostname=head NodeAddr=head Port=7001 CPUs=1 RealMemory=100
# shellcheck shell=bash disable=SC2154,SC2034
# A boot, as slurmctld sees it: another boot id, a time of boot that is later than the last answer, and none of the processes of before.
boot() { # NODE
	local before up
	before=$(started_at "$1")
	quiet 'pkill -9 slurmd; pkill -9 slurmstepd; pkill -9 -f "^shepherd "; pkill -9 -u alice; cat /proc/sys/kernel/random/uuid >/run/boot_id; rm -f /var/run/slurmd.pid'
	nap 4
	read -r up _ </proc/uptime
	quiet "unshare -T --fork --boottime -$((${up%.*} - 1)) slurmd -N $1"
	until_true 60 _started_since "$1" "$before"
	nap 1.5
}
tell() { # JOB
	differs "${stale:-chance: the real one has the reason some time later}"
	c "squeue -h -t all -j $1 -o '%t %T %r'"
	[[ -z $stale ]] || differs "$stale"
	c "scontrol show job $1 | grep -oE 'JobState=[A-Z_]*|Restarts=[0-9]*|ExitCode=.*'"
}
stale_look() {
	differs "$1"
	c "sinfo -h -N -n extra -o '%N %T %E'"
	differs "$1"
	c "scontrol show node extra | grep -oE 'State=[A-Z+_]*|Reason=.*'"
}
serve() {
	quiet "scontrol update nodename=extra state=resume"
	node_is extra idle
}
reboots() { # [WHY]: the real one goes on with jobs
	local stale=${1:-}
	begin extra
	node_is extra idle
	boot extra
	look extra
	serve
	# With a job that may be queued again, and with one that may not.
	sub again --requeue -w extra -o /dev/null --wrap "'exec sleep 600'"
	state "$again" R
	boot extra
	tell "$again"
	stale_look "$stale"
	quiet "scancel $again"
	serve
	sub once --no-requeue -w extra -o /dev/null --wrap "'exec sleep 600'"
	state "$once" R
	boot extra
	tell "$once"
	stale_look "$stale"
	# One that was asked to be down, or drained.
	r "scontrol update nodename=extra state=down reason=mine"
	boot extra
	look extra
	serve
	r "scontrol update nodename=extra state=drain reason='a disk'"
	boot extra
	look extra
	end
}
