#cpus: 2
#workers: 5
#conf: NodeName=worker-1 CPUs=2 Sockets=2 CoresPerSocket=1 RealMemory=1800 Feature=fast,big Weight=5;NodeName=worker-2 CPUs=2 RealMemory=1700 Feature=fast Weight=5 TmpDisk=1;NodeName=worker-[3-5] CPUs=2 RealMemory=1800;PartitionName=compute Nodes=worker-[1-4] Default=YES DefaultTime=5;PartitionName=small Nodes=worker-[2-3] MaxTime=1-02:00:00 MaxNodes=1 PriorityTier=3 PriorityJobFactor=7 OverSubscribe=FORCE:2 MaxCPUsPerNode=1;PartitionName=bobs Nodes=worker-5 AllowGroups=bob RootOnly=YES State=DRAIN OverSubscribe=EXCLUSIVE MinNodes=2 MaxNodes=4 AllocNodes=head;PartitionName=off Nodes=worker-4 State=INACTIVE MaxTime=90 OverSubscribe=YES:3;PartitionName=hid Nodes=ALL Hidden=YES State=DOWN MinNodes=3 MaxNodes=3;PartitionName=none
# shellcheck shell=bash disable=SC2154,SC2034
# Nodes of all kinds: in use, in part, drained, draining, down, idle; in partitions of all kinds.
quiet "scontrol update nodename=worker-5 state=down reason='no power, and a long story of it'"
nap 1.1 # so that the two have different times everywhere
quiet "scontrol update nodename=worker-4 state=drain reason=fans comment=dusty extra=more"
sub full -N1 -w worker-1 --exclusive -o /dev/null --wrap "'exec sleep 900'"
sub half -N1 -w worker-2 -n1 --mem=100 -o /dev/null --wrap "'exec sleep 900'"
state "$full" R
state "$half" R
shows drained sinfo -N -h -n worker-4 -o %T
shows down sinfo -N -h -n worker-5 -o %T
shows idle sinfo -N -h -n worker-3 -o %T
