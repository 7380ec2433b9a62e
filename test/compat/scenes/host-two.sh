#conf: SlurmctldHost=head;SlurmctldHost=worker-1
# shellcheck shell=bash
# Two SlurmctldHost lines, and a slurmctld on the first of them alone.
c 'scontrol ping'
c 'scontrol show config | grep -A1 -i "SlurmctldHost"'
c 'srun -N3 hostname | sort'
c 'scontrol show daemons'
c 'scontrol takeover'
r 'scontrol takeover'
differs 'no slurmctld of ours is a backup yet, and that is said'
r 'scontrol takeover 1'
r 'scontrol takeover 7'
c 'sinfo -h -o "%D %t"'
quiet 'read -r pid </var/run/slurmctld.pid && kill $pid && while [ -e /proc/$pid ]; do sleep 0.05; done'
c 'scontrol ping'
