#workers: 1
#conf: MinJobAge=300;PartitionName=compute Nodes=ALL Default=YES MaxTime=60;PartitionName=other Nodes=ALL
# shellcheck shell=bash disable=SC2154
# scontrol create, update and delete: words that name nothing, too few or too many of
# them, values that are none or contradict each other.
sub run -J run -t 10 -o /dev/null --wrap "'srun sleep 300'"
sub wait -J wait -t 10 -H -o /dev/null --wrap "'exec sleep 300'"
shows "$run.0" squeue -h -s -j "$run"
for what in create update delete "create nosuch=1" "update nosuch=1" "delete nosuch=1" "create nosuch" "update nosuch" "delete nosuch" "delete nosuch x" \
	"create job=1" "create jobid=1" "delete job=$wait" "delete jobid=$wait" "delete step=$run.0" "create step" \
	"update job" "update jobid" "update jobid=" "update job=" "update jobid=$wait" "update jobid $wait" "update jobid=$wait nosuch" "update jobid=$wait nosuch=1" \
	"update jobid=$wait =1" "update jobid=$wait ''" "update jobid=$wait comment" "update comment=x jobid=$wait" "update comment=x jobid $wait" "update $wait comment=x" \
	"update job $wait comment=y" "update jobs $wait comment=y" "update jobid=$wait,4999 comment=z" "update jobid=4999,$wait comment=z" "update jobid=$wait,$wait comment=z" \
	"update jobid=$wait,x comment=z" "update jobid=,$wait comment=z" "update jobid=$wait comment=a comment=b" "update jobid=$wait jobid=$run comment=c" "update jobid=0 comment=z" \
	"update jobid=-1 comment=z" "update jobid=$wait.0 comment=z" "update jobid=$wait+1 comment=z" "update jobid=99999999999 comment=z" \
	"update jobname=nosuch comment=x" "update jobname=wait comment=x" "update jobname= comment=x" "update jobname=wait userid=bob comment=x" "update jobname=wait userid=nosuch comment=x" \
	"update jobname=wait userid=alice comment=x" "update jobname=wait userid=20001 comment=x" "update jobid=$wait userid=alice" "update userid=alice comment=x" "update jobid=$wait jobname=wait" \
	"update jobid=$wait timelimit" "update jobid=$wait timelimit+=x" "update jobid=$wait timelimit+=5" "update timelimit+=5 jobid=$wait" "update jobid=$wait comment+=x" "update jobid=$wait priority-=1" \
	"update jobid=$wait timelimit=5 partition=nosuch" "update jobid=$wait comment=q partition=nosuch" "update jobid=$wait priority=0 priority=5 partition=nosuch" \
	"update jobid=$wait minmemorynode=5 minmemorycpu=5" "update jobid=$wait starttime=now endtime=now+1hour" "update jobid=$wait nodename=worker-1" "update nodename=worker-1 jobid=$wait" \
	"update jobid=$wait partitionname=other" "update partitionname=other jobid=$wait" "update partition=other jobid=$wait"; do
	c "scontrol $what"
	r "scontrol $what"
done
c "scontrol show job $wait | grep -E 'Comment|Partition|TimeLimit'"
for what in "stepid" "stepid=x" "stepid=$run" "stepid=$run.0" "stepid=$run.0 timelimit" "stepid=$run.0 timelimit=" "stepid=$run.0 timelimit=x" "stepid=$run.9 timelimit=3" "stepid=4999.0 timelimit=3" \
	"stepid=$run.0 timelimit=3" "stepid=$run.0 nosuch=1" "stepid=$run.0 nosuch" "stepid=$run timelimit=4" "stepid=$run.batch timelimit=3" "step=$run.0 timelimit=3" \
	"timelimit=3 stepid=$run.0" "stepid=$wait.0 timelimit=3" "stepid=$run.0 comment=x" "stepid=$run.0 timelimit=unlimited"; do
	c "scontrol update $what"
	r "scontrol update $what"
done
b "scontrol update stepid=$run.0 timelimit=3"
for what in "update partition" "update partition=" "update partition other" "update partition=other" "update partition=other nosuch" "update partition=other nosuch=1" "update partition=other =1" \
	"update partition=other state" "update partition=other state=up state=nosuch" "update partitionname=nosuch state=up" "update part=other state=up" "update par=other state=up" "update pa=other state=up" \
	"update p=other state=up" "update state=up" "update partition=other,compute state=up" "update partition=other minnodes=5 maxnodes=2" \
	"update partition=other nodes=nosuch" "update partition=other nodes=worker-[1" "create partition" "create partition new" \
	"create partition=new nosuch=1" "create partition=new nosuch" "create nodes=ALL partition=new2" "create partition=other" "create partition=new3 nodes=nosuch" "create partition=new4 partition=new5" \
	"delete partition" "delete partition=nosuch" "delete partition nosuch" "delete partition other x" "delete partition=other x" "delete part=new" "delete par new2" "delete pa=new3" \
	"delete partition=new,new2" "delete partition=other" "delete partition=compute"; do
	r "scontrol $what"
	c "scontrol $what"
done
for name in new new2 new3 new4 new5 ''; do quiet "scontrol delete partition=$name"; done
for what in "update node" "update node=" "update node worker-1" "update node=worker-1" "update node=worker-1 nosuch" "update node=worker-1 =1" "update nodename=worker-1 state" "update no=worker-1 comment=x" \
	"update nod=worker-1 comment=x" "update n=worker-1 comment=x" "update nodename=worker-1 nodename=nosuch comment=x" "update nodename=worker-1 state=resume state=nosuch" \
	"update comment=x nodename=worker-1" "update nodename=worker-1 comment=x state=drain" "update nodename=worker-1 reason=x state=resume" "update nodename=worker-1 timelimit=5" "create node" "create node=" \
	"create node x" "create nodename=x nosuch=1" "create nosuch=1 nodename=x" "create nodename=x state=future cpus=x" "create nodename=worker-1 state=future" "delete node" "delete node=" "delete node=nosuch" \
	"delete node nosuch" "delete node=worker-1 x" "delete node=worker-1" "delete n=worker-1" "delete nod=worker-1"; do
	r "scontrol $what"
	c "scontrol $what"
done
for what in "frontend" "frontend=" "frontend=x" "frontend=x state=drain" "frontend=x state=nosuch" "frontend=x state=resume" "slurmctlddebug" "slurmctlddebug=" "slurmctlddebug=x" "slurmctlddebug=3" "slu=3" "slurmctlddebug=99"; do
	r "scontrol update $what"
	c "scontrol update $what"
done
clear_
