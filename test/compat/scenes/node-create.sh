#workers: 2
#conf: MaxNodeCount=4
# shellcheck shell=bash disable=SC2154
# scontrol create and delete node.
for command in "create nodename" "create nodename=" "create nodename=new" "create nodename=new state=idle" "create nodename=new state=unknown" "create nodename=new state=nosuch" "create nodename=new state=future bogus=1" "create nodename=new state=future cpus=x" \
	"create nodename=new state=future" "create nodename=new state=future" "create nodename=worker-1 state=future" "create nodename=cloudy state=cloud cpus=2 realmemory=100 feature=f weight=7" "create node=other state=future" \
	"create nodename=over state=future" "create node nodename=over state=future" "create nodename=over[1-3] state=cloud"; do
	[[ $command != "create nodename=over"* ]] || differs "ours says that MaxNodeCount forbids it; the real one makes none, and says nothing"
	r "scontrol $command"
	c "sinfo -h -a -N -o '%N %t' | sort -u"
	c "scontrol -F show node | grep -oE 'NodeName=[^ ]*|State=[A-Z+_]*' | paste -sd ' '"
done
c "scontrol -F show node new | grep -v LastBusy"
c "scontrol show node cloudy"
c "scontrol create nodename=mine state=future"
c "scontrol delete nodename=new"
sub held -w worker-1 -o /dev/null --wrap "'exec sleep 300'"
state "$held" R
for command in "delete" "delete node" "delete nodename" "delete nodename=" "delete nodename=nosuch" "delete nodename=worker-1" "delete nodename=worker-9,new" "delete node new" "delete node=cloudy" "delete nodename=new" "delete nodename=worker-[1-2]" "delete bogus=1"; do
	r "scontrol $command"
	c "scontrol -F show node | grep -oE 'NodeName=[^ ]*|State=[A-Z+_]*' | paste -sd ' '"
done
clear_
