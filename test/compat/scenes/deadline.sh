#conf: MinJobAge=600;KillWait=2;PartitionName=compute Nodes=ALL Default=YES MaxTime=INFINITE State=UP
#seconds: 200
# shellcheck shell=bash disable=SC2154
# --deadline: of jobs that wait, that run, that can't end in time.
tell() { # ID
	c "squeue -h -t all -j $1 -o '%t %T %r'"
	c "scontrol show job $1 | grep -oE 'JobState=.*|RunTime=.*TimeMin.*|Deadline=.*|ExitCode=.*'"
}
c 'sbatch --deadline=now+30 -t 1 --wrap true'
c 'sbatch --deadline=now+30seconds -t 1:00 --wrap true'
c 'sbatch --deadline=now+2minutes -t 5 --wrap true'
c 'sbatch --deadline=yesterday --wrap true'
differs 'chance: whether that second is over when it is looked at'
c 'sbatch --deadline=now --wrap true'
c 'sbatch --begin=now+1hour --deadline=now+30minutes -t 1 --wrap true'
c 'sbatch --begin=now+10minutes --deadline=now+12minutes -t 5 --wrap true'
differs 'a deadline that cannot be met ends a job at once, not some time later'
c 'srun --deadline=now+30 -t 1 true'
differs 'a deadline that cannot be met ends a job at once, not some time later'
c 'salloc --deadline=now+30 -t 1 true'
sub full -J full -N3 --exclusive -o /dev/null --wrap "'exec sleep 900'"
state "$full" R
# The last moment for its start passes while it waits.
sub late -J late --deadline=now+70 -t 1 -o /dev/null --wrap true
c "scontrol show job $late | grep -oE 'JobState=.*|TimeLimit=.*'"
sub held -J held -H --deadline=now+70 -t 1 -o /dev/null --wrap true
sub free -J free --deadline=now+20 -o /dev/null --wrap true
differs 'a deadline that cannot be met ends a job at once, not some time later'
c "squeue -h -S j -o '%j %t'"
state "$free" DL 180
tell "$free"
state "$late" DL 180
tell "$late"
tell "$held"
c "squeue -h -t DL -S j -o %j"
c "squeue -h -t deadline -S j -o %j"
c "squeue -h -S j -o '%j %t'"
clear_
# Its limit is over before its deadline.
sub ends -J ends --deadline=now+90 -t 1 -o /dev/null --wrap "'exec sleep 900'"
state "$ends" R
state "$ends" TO 150
tell "$ends"
