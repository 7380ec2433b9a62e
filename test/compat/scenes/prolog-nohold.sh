# shellcheck shell=bash disable=SC2154,SC2016
#conf: Prolog=/home/hooks/prolog;PrologFlags=serial,nohold,deferbatch
# PrologFlags=NoHold: who has an allocation doesn't wait for the prologs, its steps do. DeferBatch: a script waits for all of them. Serial:
# one after the other on a node.
mkdir -p /home/hooks/out
chmod 1777 /home/hooks/out
cat >/home/hooks/prolog <<-'H'
	#!/bin/bash
	out=/home/hooks/out
	echo run >>$out/$SLURM_JOB_ID.$SLURMD_NODENAME
	while [ -e $out/waits.$SLURMD_NODENAME ]; do /bin/sleep 0.1; done
H
chmod 755 /home/hooks/prolog
out=/home/hooks/out
ran() { until_true 30 test -e "$out/$1.$2"; }
looks() { c "squeue -h -t all -j $1 -o '%t %T %r'; scontrol show job $1 | grep -oE 'JobState=.*|Reason=.*|BatchHost=.*'"; }
c "scontrol show config | grep PrologFlags"
quiet "touch $out/waits.worker-2"
user alice "salloc -w worker-1,worker-2 -J alloc sh -c 'echo begins; srun hostname | sort' >salloc.out 2>&1" &
ids alloc 4001
ran 4001 worker-2
looks 4001
until_true 10 grep -q begins salloc.out
c "cat salloc.out"
quiet "rm $out/waits.worker-2"
idle
differs "chance: at times the real one says after its end that it has been revoked"
c "cat salloc.out"
quiet "touch $out/waits.worker-2"
sub batch -J batch -w worker-1,worker-2 -o batch.out --wrap "'srun hostname | sort'"
ran "$batch" worker-2
ran "$batch" worker-1
looks "$batch"
until_true 10 test -e batch.out
c "ls batch.out"
quiet "rm $out/waits.worker-2"
state "$batch" CD
looks "$batch"
c "cat batch.out"
c "srun -w worker-1,worker-2 hostname | sort"
