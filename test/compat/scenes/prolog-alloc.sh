# shellcheck shell=bash disable=SC2154,SC2016
#conf: Prolog=/home/hooks/prolog;PrologFlags=Alloc
# PrologFlags=Alloc: the prolog runs on all nodes of a job when they are allocated; what the job looks like meanwhile, who waits for it, and
# what becomes of a job whose prolog fails.
mkdir -p /home/hooks/out
chmod 1777 /home/hooks/out
cat >/home/hooks/prolog <<-'H'
	#!/bin/bash
	out=/home/hooks/out
	echo run >>$out/$SLURM_JOB_ID.$SLURMD_NODENAME
	while [ -e $out/waits.$SLURMD_NODENAME ]; do /bin/sleep 0.1; done
	[ ! -e $out/fails.$SLURMD_NODENAME ]
H
chmod 755 /home/hooks/prolog
out=/home/hooks/out
ran() { until_true 30 test -e "$out/$1.$2"; }
looks() { c "squeue -h -t all -j $1 -o '%t %T %r'; scontrol show job $1 | grep -oE 'JobState=.*|Reason=.*|BatchHost=.*'; scontrol show node worker-1,worker-2 | grep -o 'State=[^ ]*'"; }
quiet "touch $out/waits.worker-2"
sub batch -J batch -w worker-1,worker-2 -o batch.out --wrap "'srun hostname | sort'"
ran "$batch" worker-2
looks "$batch"
until_true 10 test -e batch.out
c "ls batch.out"
quiet "rm $out/waits.worker-2"
state "$batch" CD
looks "$batch"
c "cat batch.out $out/$batch.worker-*"
quiet "touch $out/waits.worker-2"
user alice "salloc -w worker-1,worker-2 -J alloc sh -c 'echo begins; srun hostname | sort' >salloc.out 2>&1" &
alloc=$((batch + 1))
ids alloc "$alloc"
ran "$alloc" worker-2
looks "$alloc"
c "cat salloc.out"
quiet "rm $out/waits.worker-2"
idle
differs "chance: at times the real one says after its end that it has been revoked"
c "cat salloc.out"
c "salloc -Q -N2 true; ls $out | wc -l"
c "srun -w worker-1,worker-2 hostname | sort"
idle
quiet "touch $out/waits.worker-2"
sub gone -J gone -w worker-2 -o /dev/null --wrap true
ran "$gone" worker-2
looks "$gone"
c "scancel $gone"
c "squeue -h -t all -j $gone -o '%t %T %r'"
quiet "rm $out/waits.worker-2"
idle
looks "$gone"
quiet "touch $out/fails.worker-2"
sub fails -J fails -w worker-2 -o /dev/null --wrap true
until_true 20 _has "worker-2" sinfo -h -R -o %n
looks "$fails"
c "sinfo -h -R -o '%n %E'"
quiet "scancel $fails; scontrol update nodename=worker-2 state=resume"
idle
c "timeout 20 salloc -w worker-1,worker-2 true 2>&1 | grep -vE 'Required node|Pending|queued and|has been allocated'"
c "sinfo -h -R -o '%n %E'"
quiet "scontrol update nodename=worker-2 state=resume"
idle
c "timeout 20 srun -w worker-1,worker-2 hostname 2>&1 | grep -vE 'Required node|Pending|queued and|has been allocated'"
c "sinfo -h -R -o '%n %E'"
