#conf: OverTimeLimit=0;KillWait=1;MinJobAge=300;MaxArraySize=20;MaxJobCount=60;PartitionName=compute Nodes=worker-[1-3] Default=YES MaxTime=60;PartitionName=other Nodes=worker-[1-2] MaxTime=60;PartitionName=down Nodes=ALL State=DOWN;PartitionName=bobs Nodes=ALL AllowGroups=bob
# shellcheck shell=bash disable=SC2154,SC2034
# What may be changed of a job that waits and of one that runs, by its user, by another and by root; arrays' tasks one by one.
seen() { c "squeue -h -r -j $1 -o '%i %j %T %r'"; }                # ID
what() { c "scontrol show job $1 | grep -oE '$2'"; }            # ID PATTERN
upd() { c "scontrol update jobid=$1 $2"; }                         # ID WHAT
rupd() { r "scontrol update jobid=$1 $2"; }
sub run -J run -t 10 -N1 -o /dev/null --wrap "'exec sleep 300'"
state "$run" R
sub wait -J wait -t 10 -b now+1hour -o /dev/null --wrap "'exec sleep 300'"
for id in "$wait" "$run"; do
	upd "$id" timelimit=5
	what "$id" 'TimeLimit=.*'
	upd "$id" timelimit=20
	what "$id" 'TimeLimit=.*'
	rupd "$id" timelimit=20
	rupd "$id" timelimit=+5
	what "$id" 'TimeLimit=.*'
	upd "$id" timelimit=-3
	what "$id" 'TimeLimit=.*'
	upd "$id" timelimit=90
	rupd "$id" timelimit=90
	what "$id" 'TimeLimit=.*'
	upd "$id" timelimit=unlimited
	upd "$id" timelimit=-500
	upd "$id" timelimit=soon
	rupd "$id" timelimit=30
	upd "$id" "jobname=renamed"
	upd "$id" "name=again"
	what "$id" 'JobName=.*'
	upd "$id" "comment='a comment'"
	rupd "$id" "admincomment=root"
	upd "$id" "admincomment=mine"
	what "$id" 'Comment=.*'
	upd "$id" nice=100
	what "$id" 'Nice=[^ ]*'
	upd "$id" nice=-5
	rupd "$id" nice=-5
	upd "$id" nice
	what "$id" 'Nice=[^ ]*'
	for to in 1000000000 7; do
		[[ $id == "$run" ]] || differs "it is lowered, and stays so; the real one lowers it and says that this does not last"
		upd "$id" priority=$to
	done
	rupd "$id" priority=70
	upd "$id" partition=other
	what "$id" 'Partition=[^ ]*'
	upd "$id" partition=nowhere
	upd "$id" partition=bobs
	upd "$id" partition=down
	upd "$id" numnodes=2
	upd "$id" numnodes=1-2
	upd "$id" numnodes=9
	what "$id" 'NumNodes=[^ ]*'
	upd "$id" reqnodelist=worker-2
	upd "$id" excnodelist=worker-1
	upd "$id" numcpus=2
	upd "$id" mincpusnode=1
	upd "$id" minmemorynode=100
	upd "$id" workdir=/tmp
	upd "$id" stdout=/tmp/x
	upd "$id" account=lab
	upd "$id" requeue=0
	what "$id" 'Requeue=[^ ]*'
	upd "$id" dependency=afterok:"$run"
	upd "$id" features=none
	upd "$id" oversubscribe=yes
	upd "$id" userid=0
	upd "$id" nosuch=1
	upd "$id" endtime=2030-01-01
	upd "$id" mailtype=END
	b "scontrol update jobid=$id timelimit=1"
done
c "scontrol update timelimit=1"
c "scontrol update jobid=4999 timelimit=1"
c "scontrol update jobid=x timelimit=1"
c "scontrol update jobname=nosuch timelimit=1"
quiet "scancel $run $wait"
idle
# A hold by the user is the user's to end, one by root is root's.
sub held -J held -b now+1hour -o /dev/null --wrap "'exec sleep 300'"
r "scontrol hold $held"
seen "$held"
c "scontrol release $held"
upd "$held" priority=5
r "scontrol release $held"
c "scontrol hold $held"
seen "$held"
r "scontrol hold $held"
seen "$held"
r "scontrol uhold $held"
seen "$held"
c "scontrol release $held"
reason "$held" BeginTime
r "scontrol uhold $held"
c "scontrol release $held"
reason "$held" BeginTime
c "scontrol hold jobname=held"
c "scontrol release jobname=held"
c "scontrol hold jobname=nobody"
quiet "scancel $held"
idle
# Arrays.
c "sbatch --array=0-20 -o /dev/null --wrap true"
c "sbatch --array=19-20 -o /dev/null --wrap true"
c "sbatch --array=5-2 -o /dev/null --wrap true"
c "sbatch --array=1,x -o /dev/null --wrap true"
sub arr --array=0-19%2 -b now+1hour -J arr -o /dev/null --wrap "'exec sleep 300'"
reason "$arr" BeginTime
c "scontrol hold ${arr}_3"
c "scontrol hold ${arr}_[5-7]"
reason "${arr}_3" JobHeldUser
c "squeue -h -j $arr -o '%i %T'"
c "squeue -h -r -j $arr -o '%i %T %r' | sort"
r "scontrol hold ${arr}_9"
c "scontrol release ${arr}_9"
c "scontrol release ${arr}_3"
c "scancel ${arr}_1"
c "scancel ${arr}_[10-12]"
c "scancel ${arr}_99"
c "scontrol update jobid=${arr}_2 timelimit=5"
c "scontrol update jobid=${arr}_99 timelimit=5"
c "scontrol update jobid=${arr} arraytaskthrottle=4"
c "squeue -h -r -j $arr -o '%i %T %l' | sort"
c "squeue -h -j $arr -o '%i %T'"
c "scontrol update jobid=$arr name=all"
c "squeue -h -r -j $arr -o '%j' | sort | uniq -c"
c "scontrol hold $arr"
c "squeue -h -r -j $arr -o '%r' | sort | uniq -c"
r "scontrol release $arr"
c "scancel $arr"
c "squeue -h -j $arr"
c "scancel ${arr}_4"
clear_
