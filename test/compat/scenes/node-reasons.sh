#workers: 4
# shellcheck shell=bash
# sinfo -R: in which order.
quiet "scontrol update nodename=worker-3 state=down reason='first'"
nap 1.2
quiet "scontrol update nodename=worker-2 state=drain reason='second'"
nap 1.2
quiet "scontrol update nodename=worker-1 state=drain reason='third'"
nap 1.2
quiet "scontrol update nodename=worker-4 state=down reason='fourth'"
for how in '' '-l' '-S t' '-S -t' '-S E' '-S -E' '-S N' '-S -N' -N '-N -l'; do
	c "sinfo -R $how"
done
