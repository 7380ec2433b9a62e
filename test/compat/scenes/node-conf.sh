#workers: 3
#conf: NodeName=worker-1 CPUs=1 RealMemory=1800 State=UNKNOWN;NodeName=worker-2 CPUs=1 RealMemory=1800 State=UNKNOWN Reason=why;NodeName=worker-3 CPUs=1 RealMemory=1800;NodeName=n-down NodeAddr=head Port=7010 State=DOWN;NodeName=n-down2 NodeAddr=head Port=7011 State=DOWN Reason="in the file";NodeName=n-drain NodeAddr=head Port=7012 State=DRAIN;NodeName=n-drain2 NodeAddr=head Port=7013 State=DRAIN Reason=swap;NodeName=n-fail NodeAddr=head Port=7014 State=FAIL Reason=soon;NodeName=n-failing NodeAddr=head Port=7015 State=FAILING;NodeName=n-future NodeAddr=head Port=7016 State=FUTURE Feature=f;NodeName=n-cloud NodeAddr=head Port=7017 State=CLOUD;NodeName=n-lines[1-5] NodeAddr=head Port=[7001-7005];DownNodes=n-lines1 State=DOWN Reason=one;DownNodes=n-lines2 State=DRAIN Reason="two of them";DownNodes=n-lines3 State=FAIL;DownNodes=n-lines4 State=FAILING Reason=four;DownNodes=n-lines5 State=UNKNOWN;PartitionName=compute Nodes=ALL Default=YES State=UP
# shellcheck shell=bash disable=SC2154
# States that slurm.conf gives nodes, in NodeName and DownNodes lines; FUTURE nodes and back.
# Whether a node that never answered is shown as silent at once is another matter.
doubt='s/[+]NOT_RESPONDING//; s/([a-z])[*]/\1/g'
look() {
	c "sinfo -h -N -o '%N %t %T %E' | sed -E '$doubt'"
	c "sinfo -h -R -o '%N %u %E' | grep lines | sort"
	c "scontrol -F show node n-down,n-down2,n-drain,n-drain2,n-fail,n-failing,n-future,n-cloud,n-lines[1-5],worker-[1-3] | grep -oE 'NodeName=[^ ]*|State=[A-Z+_]*|Reason=.*' | sed -E '$doubt'"
}
_workers() { [[ $(sinfo -h -n worker-[1-3] -o %T) == idle ]]; }
until_true 60 _workers
u() { r "scontrol update nodename=$1"; }
look
c "sinfo -F"
c "sinfo -t future"
c "scontrol show node n-future"
c "scontrol -F show node n-future"
c "scontrol show node n-cloud"
c "scontrol show node n-down | sed -E '$doubt'"
for what in "n-future state=drain reason=x" "n-future state=down reason=x" "n-future state=future" "n-future state=idle" "n-future weight=3" "n-future state=resume" "n-future state=future" "n-future state=undrain" "n-future state=fail reason=x" \
	"n-down state=resume" "n-drain state=undrain" "n-fail state=resume" "n-failing state=undrain" "n-cloud state=drain reason=x" "n-cloud state=undrain" "n-cloud state=future" "n-lines1 state=future" "n-lines1 state=resume" "worker-3 state=future" "worker-3 state=future"; do
	[[ $what != "n-drain state=undrain" ]] || differs "the real one does it, and says that it can't"
	u "$what"
	c "scontrol -F show node ${what%% *} | grep -oE 'State=[A-Z+_]*|Reason=.*|Weight=[0-9]*' | sed -E '$doubt'"
done
c "sinfo -h -N -o %N"
sub held -w worker-1 -o /dev/null --wrap "'exec sleep 300'"
state "$held" R
u "worker-1 state=future"
c "scontrol -F show node worker-1 | grep -oE 'State=[A-Z+_]*'"
clear_
