# shellcheck shell=bash disable=SC2154
#workers: 2
# Nodes taken out of service and back, by root and by a user, as scontrol and sinfo tell of them.
look="sinfo -h -N -o '%N %t %T %E %u'"
c "scontrol update nodename=worker-1 state=drain reason=mine"
r "scontrol update nodename=worker-1 state=drain"
r "scontrol update nodename=worker-1 state=drain reason='a disk'"
c "$look"
c "sinfo -h -R -o '%E %u %N'"
c "scontrol show node worker-1 | grep -oE 'State=.*|Reason=[^[]*'"
r "scontrol update nodename=worker-1 state=undrain"
differs "chance: the real one shows a node brought back as not responding (*) at first; ours doesn't doubt a node that answers"
c "$look"
r "scontrol update nodename=worker-1 state=resume"
sub held -w worker-2 -J held -o /dev/null --wrap "'exec sleep 60'"
state "$held" R
r "scontrol update nodename=worker-[1-2] state=drain reason=both"
c "$look"
c "scontrol show node worker-2 | grep -oE 'State=[A-Z+]*|Reason=[^[]*'"
r "scontrol update nodename=worker-[1-2] state=resume"
differs "chance: the real one shows a node brought back as not responding (*) at first; ours doesn't doubt a node that answers"
c "$look"
clear_
r "scontrol update nodename=worker-9 state=drain reason=x"
r "scontrol update nodename=worker-1 state=nonsense"
r "scontrol update nodename=worker-1 weight=7 comment=hello"
c "sinfo -h -N -o '%N %w'"
c "scontrol show node worker-1 | grep -oE 'Weight=[0-9]*|Comment=.*'"
