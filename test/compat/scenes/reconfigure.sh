#conf: MinJobAge=300;KillWait=3;PartitionName=compute Nodes=worker-[1-3] Default=YES State=UP;PartitionName=side Nodes=worker-[1-2] MaxTime=60
# shellcheck shell=bash disable=SC2154,SC2016 # $ is sed's
# `scontrol reconfigure` with another slurm.conf: what of it is in force afterwards, under jobs that run and wait; mistakes.
file=/etc/slurm/slurm.conf
cp $file before
conf() { # NAME: what is in force
	c "scontrol show config | grep -E '^($1) '"
}
again() { # SED-SCRIPT
	sed "$1" before >$file
	r "scontrol reconfigure"
}
c "scontrol reconfigure"
r "scontrol reconfigure"
sub run -J run -N2 -w 'worker-[1-2]' -p side -o /dev/null --wrap "'exec sleep 600'"
state "$run" R
sub wait -J wait -w worker-1 -p side -t 50 -o /dev/null --wrap "'exec sleep 600'"
sub other -J other -w worker-1 -o /dev/null --wrap "'exec sleep 600'"
reason "$wait" Resources
# Parameters.
again 's/^KillWait=.*/KillWait=7/; s/^MinJobAge=.*/MinJobAge=333/; s/^InactiveLimit=.*/InactiveLimit=120/; $a MaxJobCount=77\nMaxArraySize=55\nMaxStepCount=44\nOverTimeLimit=9\nDebugFlags=Backfill\nEnforcePartLimits=ALL\nJobRequeue=0\nReturnToService=2\nMaxTasksPerNode=99'
conf 'KillWait|MinJobAge|InactiveLimit|MaxJobCount|MaxArraySize|MaxStepCount|OverTimeLimit|DebugFlags|EnforcePartLimits|JobRequeue|ReturnToService|MaxTasksPerNode'
c "squeue -h -S j -o '%j %t %P %N'"
again ''
conf 'KillWait|MinJobAge|InactiveLimit|MaxJobCount|MaxArraySize|MaxStepCount|OverTimeLimit|DebugFlags|EnforcePartLimits|JobRequeue|ReturnToService|MaxTasksPerNode'
# A partition's limits, under a job that waits beyond them.
again 's/MaxTime=60/MaxTime=30/'
c "sinfo -h -p side -o '%P %l %a %D'"
reason "$wait" PartitionTimeLimit
reason "$other" Resources
c "squeue -h -S j -o '%j %t %P %r %N' | sed 's/(null)//'"
again 's/MaxTime=60/MaxTime=60 State=DOWN/'
c "sinfo -h -p side -o '%P %l %a %D'"
reason "$wait" PartitionDown
again ''
reason "$wait" Resources
# What scontrol changed of a partition is forgotten.
r "scontrol update partition=side maxtime=5 state=drain"
r "scontrol create partition=made nodes=ALL"
r "scontrol update nodename=worker-3 weight=9 state=drain reason=mend"
again ''
c "sinfo -h -a -o '%P %l %a %D'"
c "sinfo -h -N -p compute -o '%N %w %t %E'"
r "scontrol update nodename=worker-3 state=resume"
# Partitions come and go, with other nodes.
again '$a PartitionName=fresh Nodes=worker-[2-3] MaxTime=7'
c "sinfo -h -p fresh -o '%P %l %a %D'"
again 's/^PartitionName=side Nodes=worker-\[1-2\]/PartitionName=side Nodes=worker-3/'
c "sinfo -h -p side -o '%P %l %a %D'"
c "sinfo -h -p fresh"
c "squeue -h -S j -o '%j %t %P'"
again ''
c "squeue -h -S j -o '%j %t %P'"
# Mistakes: the old file stays in force.
differs "file and line are told"
again '$a NoSuch=1'
again ''
differs "the real slurmctld ends on this, and then says nothing any more"
again '$a PartitionName=bad Nodes=worker-9'
cp before $file
for what in "scontrol ping" "sinfo -h -a -o '%P %a %D'" "squeue -h -S j -o '%j %t %P'"; do
	differs "as above"
	c "$what"
done
quiet "scontrol ping || slurmctld"
shows UP scontrol ping
clear_
