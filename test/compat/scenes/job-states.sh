#conf: MinJobAge=600;KillWait=8;ReturnToService=0;JobRequeue=1
# shellcheck shell=bash disable=SC2154
# Every state that a job can be made to show, with its flags, in squeue, scontrol show job and sinfo; restart counts, --no-requeue.
look() { # ID
	c "squeue -h -r -t all -j $1 -o '%i %t %T %r %R'"
	c "scontrol show job $1 | grep -oE 'JobState=.*|Requeue=[01] Restarts=[0-9]+|ExitCode=.*|Reboot=0|RunTime=.*|Time(Limit|Min)=.*|(Eligible|Suspend|Start|End)Time=[^ ]*|NodeList=.*|NumNodes=[^ ]*|FailedNode=.*|Priority=0 '"
}
ran() { c "cat ran.$1"; }
sub pd -J pd -b 2035-01-01 -o /dev/null --wrap true
look "$pd"
sub r -J r -N1 -w worker-1 -o /dev/null --wrap "'exec sleep 600'"
state "$r" R
look "$r"
# Stopped by SIGSTOP, which is a state of its own; suspended, which is another.
c "scancel -s STOP $r"
look "$r"
c "squeue -h -t ST -o '%i %t'"
c "squeue -h -t R -o '%i %t'"
c "sinfo -h -n worker-1 -o %t"
c "scancel -s CONT $r"
look "$r"
r "scontrol suspend $r"
state "$r" S
c "squeue -h -j $r -o '%t %T %r'"
r "scontrol resume $r"
state "$r" R
c "scancel $r"
state "$r" CA
# In the real one it may still stand still, and is killed.
c "squeue -h -t all -j $r -o '%t %T %r %R'"
sub cd -J cd -o /dev/null --wrap true
state "$cd" CD
look "$cd"
sub f -J f -o /dev/null --wrap "'exit 5'"
state "$f" F
look "$f"
sub sig -J sig -o /dev/null --wrap "'kill -ABRT \$\$'"
state "$sig" F
look "$sig"
sub out -J out -o /nowhere/x --wrap true
state "$out" F
look "$out"
sub dir -J dir -D /nowhere -o /dev/null --wrap "pwd"
until_true 60 _has C bash -c "squeue -h -t CD,F,CA -j $dir -o %T"
look "$dir"
# Completing.
sub cg -J cg -o /dev/null --wrap "'trap \"\" TERM; while :; do sleep 0.2; done'"
state "$cg" R
c "scancel $cg"
c "squeue -h -j $cg -o '%t %T %r'"
c "scontrol show job $cg | grep -oE 'JobState=.*'"
c "squeue -h -t CG -n cg -o '%t'"
c "squeue -h -t R -n cg -o '%t'"
c "sinfo -h -t completing -o '%t %D'"
state "$cg" CA
# Requeued: the flags, the counts, and what a script sees.
cat >again.sh <<'J'
#!/bin/bash
#SBATCH -o /dev/null -t 10
echo "${SLURM_RESTART_COUNT-none}" >>ran.$SLURM_JOB_NAME
exec sleep 600
J
chmod 755 again.sh
sub rq -J rq --requeue again.sh
shows none cat ran.rq
c "scontrol requeue $rq"
state "$rq" PD
reason "$rq" BeginTime
look "$rq"
c "scontrol update jobid=$rq starttime=now"
shows 1 cat ran.rq
look "$rq"
c "scontrol requeuehold $rq"
state "$rq" PD
reason "$rq" "job requeued in held state"
look "$rq"
c "squeue -h -t REQUEUE_HOLD -o '%i %t'"
c "squeue -h -t RH,RQ,SE -o '%i %t'"
c "scontrol release $rq"
reason "$rq" BeginTime
look "$rq"
c "scontrol update jobid=$rq starttime=now"
shows 2 cat ran.rq
c "scontrol requeuehold state=SpecialExit $rq"
state "$rq" SE
look "$rq"
c "squeue -h -t SE -o '%i %t'"
c "squeue -h -t PD -o '%i %t'"
c "scontrol release $rq"
reason "$rq" BeginTime
look "$rq"
c "scontrol requeuehold state=nosuch $rq"
c "scontrol requeue incomplete $rq"
ran rq
c "scancel $rq"
# Done ones.
c "scontrol requeue $f"
state "$f" PD
c "squeue -h -j $f -o '%t %T'"
c "scancel $f"
c "scontrol requeuehold state=SpecialExit $cd"
state "$cd" SE
look "$cd"
c "scancel $cd"
# --no-requeue, and an srun that can't be.
sub no -J no --no-requeue again.sh
shows none cat ran.no
c "scontrol requeue $no"
c "scontrol requeuehold $no"
c "scontrol requeuehold state=SpecialExit $no"
look "$no"
# A lost node: requeued, or NODE_FAIL.
sub lost -J lost --requeue again.sh
shows none cat ran.lost
node=$(squeue -h -j "$no" -o %N)
r "scontrol update nodename=$node state=down reason=gone"
state "$no" NF
c "squeue -h -t NF -j $no -o '%t %T %r %R' | sed 's/worker-./W/'"
c "scontrol show job $no | grep -oE 'JobState=.*|Restarts=[0-9]+'"
r "scontrol update nodename=$node state=resume"
node=$(squeue -h -j "$lost" -o %N)
r "scontrol update nodename=$node state=down reason=gone"
state "$lost" PD
reason "$lost" BeginTime
c "squeue -h -j $lost -o '%t %T %r'"
c "scontrol show job $lost | grep -oE 'JobState=.*|Restarts=[0-9]+|ExitCode=.*'"
r "scontrol update nodename=$node state=resume"
clear_
