#workers: 3
# shellcheck shell=bash disable=SC2154
# States that an administrator gives nodes, one with a running job and one without; in the words of all commands.
u() { r "scontrol update nodename=$1"; }
# The real one doubts for a while that a node answers that was brought back.
doubt='s/ +/ /g; s/[+]NOT_RESPONDING//; s/([a-z])[*]/\1/g; s/, NOT_RESPONDING//'
look() {
	c "sinfo -h -N -o '%N %t %T %a %E %u' | sed -E '$doubt'"
	c "scontrol show node worker-[1-2] | grep -oE 'State=[A-Z+_]*|Reason=.*' | sed -E '$doubt'"
}
all() {
	for options in '' -l -R '-R -l' '-N -l' -s; do
		differs "chance: a node that does not answer for a moment is sorted before others there"
		c "sinfo $options | sed -E 's/ +$//; $doubt'"
	done
	c "sinfo -h -o '%A %C %F %N'"
	c "sinfo -h -o '%N %H %u %U %E'"
	c "sinfo -h -N -O nodelist,statelong,statecompact,statecomplete,reason,user,userlong,timestamp | sed -E '$doubt; s/ +/ /g'"
	c "sinfo -t drain"
	for state in idle alloc drain drained draining drng down fail failing mix comp future unk 'drain&alloc' 'idle,alloc'; do
		c "sinfo -h -N -t '$state' -o '%N %t' | sed -E '$doubt'"
	done
}
sub held -w worker-1 -o /dev/null --wrap "'exec sleep 600'"
state "$held" R
look
for state in drain fail drain; do
	u "worker-[1-2] state=$state reason=$state"
	look
	all
done
u "worker-[1-2] state=undrain"
look
u "worker-1 state=drain reason='first one'"
u "worker-1 state=drain reason='second one'"
look
u "worker-1 state=resume"
c "squeue -h -j $held -o %T"
u "worker-[1-2] state=idle"
look
u "worker-1 state=failing reason=x"
u "worker-1 state=drained reason=x"
u "worker-1 state=draining reason=x"
u "worker-2 state=down reason='it is off'"
look
all
u "worker-2 state=drain reason='and drained'"
look
u "worker-2 state=undrain"
look
u "worker-2 state=resume"
until_true 30 _has idle sinfo -h -n worker-2 -o %t
u "worker-1 state=down reason='job and all'"
shows down sinfo -h -n worker-1 -o %t
c "sinfo -h -n worker-1 -o '%t %T %E' | sed -E '$doubt'"
state "$held" PD
u "worker-1 state=resume"
clear_
