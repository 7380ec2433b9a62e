# shellcheck shell=bash disable=SC2154,SC2016
#conf: Prolog=/home/hooks/prolog;PrologFlags=Alloc,DeferBatch
# PrologFlags=DeferBatch: a batch script waits for the prologs of all nodes of its job.
mkdir -p /home/hooks/out
chmod 1777 /home/hooks/out
cat >/home/hooks/prolog <<-'H'
	#!/bin/bash
	out=/home/hooks/out
	echo run >>$out/$SLURM_JOB_ID.$SLURMD_NODENAME
	while [ -e $out/waits.$SLURMD_NODENAME ]; do /bin/sleep 0.1; done
	echo >$out/done.$SLURM_JOB_ID.$SLURMD_NODENAME
H
chmod 755 /home/hooks/prolog
out=/home/hooks/out
quiet "touch $out/waits.worker-2"
sub batch -J batch -w worker-1,worker-2 -o batch.out --wrap "'srun hostname | sort'"
until_true 30 test -e "$out/$batch.worker-2"
until_true 30 test -e "$out/$batch.worker-1"
until_true 30 test -e "$out/done.$batch.worker-1"
c "squeue -h -t all -j $batch -o '%t %T %r'; scontrol show job $batch | grep -oE 'JobState=.*|Reason=.*'; ls batch.out"
quiet "rm $out/waits.worker-2"
state "$batch" CD
c "cat batch.out; squeue -h -t all -j $batch -o '%t %T %r'"
