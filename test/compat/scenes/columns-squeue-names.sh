#cpus: 2
#part: jobs
# shellcheck shell=bash disable=SC2154,SC2016
# squeue: every name of -O, of jobs of all kinds and of steps; widths, dots, suffixes, mistakes.
still='sed -E "s/<[0-9:-]*[0-9]:[0-5][0-9];>/<T;>/g"'
names="Account AccrueTime admin_comment AllocNodes AllocSID ArrayJobID ArrayTaskID AssocID BatchFlag BatchHost BoardsPerNode BurstBuffer
	BurstBufferState Cluster ClusterFeature Command Comment Contiguous Container Cores CoreSpec CPUFreq cpus-per-task cpus-per-tres Deadline
	DelayBoot Dependency DerivedEC EligibleTime EndTime exit_code Feature GroupID GroupName HetJobID HetJobIDSet HetJobOffset JobArrayID
	JobID LastSchedEval Licenses MaxCPUs MaxNodes MCSLabel mem-per-tres MinCpus MinMemory MinTime MinTmpDisk Name Network Nice NodeList
	Nodes NTPerBoard NTPerCore NTPerNode NTPerSocket NumCPUs NumNodes NumTasks Origin OriginRaw OverSubscribe Partition PendingTime
	PreemptTime Prefer Priority PriorityLong Profile QOS Reason ReasonList Reboot ReqNodes ReqSwitch Requeue Reservation ResizeTime
	RestartCnt ResvPort SchedNodes SCT SelectJobInfo SiblingsActive SiblingsActiveRaw SiblingsViable SiblingsViableRaw Sockets SPerBoard
	StartTime State StateCompact STDERR STDIN STDOUT StepID StepName StepState SubmitTime system_comment Threads TimeLeft TimeLimit
	TimeUsed tres-alloc tres-bind tres-freq tres-per-job tres-per-node tres-per-socket tres-per-step tres-per-task UserID UserName
	Wait4Switch WCKey WorkDir Shared ExcNodes ReqNode NumTask all"
for one in $names; do
	case $one in
	AllocSID | PendingTime | LastSchedEval) hide="| sed -E 's/\|<[0-9]+;>/|<N;>/'" ;;
	NumTask*) hide="| grep -v $gone" ;; # the real one forgets them of a job that it ends while it waits
	*) hide= ;;
	esac
	[[ $one != ExcNodes ]] || differs 'there it has a letter only'
	case $one in SchedNodes | StartTime | EndTime) differs 'chance: whether the first in line has a plan yet' ;; esac
	c "squeue -t all -j $all -S i -O 'jobarrayid:;|<,$one:;>' 2>&1 | $still $hide"
done
for one in $names; do
	c "squeue -s -S i -O 'stepid:;|<,$one:;>' 2>&1 | $still"
done
for form in jobid JOBID JobId jobid:8 jobid:.8 'jobid:.8|' 'jobid:8|,name:3' 'jobid:|' jobid:0 'jobid:.0|' jobid: jobid:. 'name:.5' 'jobid ,name' 'jobid, name' \
	'jobid,,name' ',jobid' 'jobid,' jobid,bogus,name bogus 'jobid:x5' 'jobid:5:5' $'jobid:\x1f,name:\x1f' $'jobid:10\x1f,name:10\x1f' 'jobid:-5' \
	'jobid:5.' 'jobid%10' '' , name:70000 'all' 'jobid,all' '%i'; do
	c "squeue -j $runs,$held -S i -O '$form' | cut -c 1-3000 | sed -E 's/  {500,}/ MANY /g'"
done
c "squeue -h -j $runs -o %i -O name"
c "squeue -h -j $runs -O name -o %i"
c "SQUEUE_FORMAT=%j squeue -j $runs"
c "SQUEUE_FORMAT2=name:10,state:10 squeue -j $runs"
c "SQUEUE_FORMAT=%j SQUEUE_FORMAT2=state squeue -j $runs"
c "SQUEUE_FORMAT=%j squeue -h -j $runs -O state"
c "SQUEUE_FORMAT2=state squeue -h -j $runs -o %j"
c "SQUEUE_FORMAT=%j squeue -h -l -j $runs"
clear_
