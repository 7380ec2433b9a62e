# shellcheck shell=bash disable=SC2154,SC2016
#conf: PrologSlurmctld=/home/hooks/prolog;EpilogSlurmctld=/home/hooks/epilog
# Programs of the controller before a job gets its nodes and after it gave them back: what they are told, what jobs and nodes look like
# meanwhile, and what becomes of a job whose prolog fails.
mkdir -p /home/hooks/out
chmod 1777 /home/hooks/out
for name in prolog epilog; do
	cat >/home/hooks/$name <<-'H'
		#!/bin/bash
		me=${0##*/} out=/home/hooks/out
		/usr/bin/env | /usr/bin/grep -vE '^(PWD|OLDPWD|SHLVL|_)=' | LC_ALL=C /usr/bin/sort >$out/$me.$SLURM_JOB_ID.new
		/bin/mv $out/$me.$SLURM_JOB_ID.new $out/$me.$SLURM_JOB_ID
		while [ -e $out/$me.waits ]; do /bin/sleep 0.1; done
		[ ! -e $out/$me.fails ]
	H
	chmod 755 /home/hooks/$name
done
out=/home/hooks/out
# The real one looks for its programs when it starts.
quiet "pkill -x slurmctld"
until_true 30 slurmctld
_ready() { [[ $(sinfo -h -N -t idle -o %N | wc -l) == 3 ]]; }
until_true 90 _ready
told() { until_true 30 test -e "$out/$1.$2" && c "cat $out/$1.$2"; }
looks() { c "squeue -h -t all -j $1 -o '%t %T %r'; sinfo -h -N -o '%N %t %T' | head -n 1; scontrol show job $1 | grep -oE 'JobState=.*|NodeList=w.*'; scontrol show node worker-1 | grep -o 'State=[^ ]*'"; }
quiet "touch $out/prolog.waits $out/epilog.waits"
sub first -J first -w worker-1 --comment word -n1 -o /dev/null --wrap true
told prolog "$first"
looks "$first"
quiet "rm $out/prolog.waits"
state "$first" CG
told epilog "$first"
differs "the nodes that it had are shown, not those that it still has: there are none"
looks "$first"
sub second -J second -w worker-1 -o /dev/null --wrap "'exit 3'"
state "$second" CG
differs "the same"
looks "$second"
quiet "rm $out/epilog.waits"
state "$first" CD
looks "$first"
state "$second" F
told epilog "$second"
idle

quiet "touch $out/prolog.waits"
sub gone -J gone -w worker-1 -o /dev/null --wrap true
told prolog "$gone" >/dev/null
looks "$gone"
c "scancel $gone"
state "$gone" CA
quiet "rm $out/prolog.waits"
looks "$gone"
idle

quiet "touch $out/prolog.fails"
sub fails -J fails -w worker-1 -o /dev/null --wrap true
reason "$fails" BeginTime 20
looks "$fails"
c "scontrol show job $fails | grep -oE 'Restarts=[0-9]*|Reason=.*|Priority=[0-9]*'"
c "scancel $fails"
quiet "touch $out/prolog.fails"
sub never -J never --no-requeue -w worker-1 -o /dev/null --wrap true
state "$never" CA 20
looks "$never"
c "scontrol show job $never | grep -oE 'ExitCode=.*|Reason=.*'"
c "srun -w worker-1 true 2>&1 | sort"
c "salloc -w worker-1 true 2>&1 | sort"
idle
quiet "rm $out/prolog.fails"
c "srun -w worker-1 hostname"
differs "chance: at times the real one says after its end that it has been revoked"
c "salloc -w worker-1 srun hostname"
ids arr "$(sbatch --parsable -J arr -a 3-7:2%1 -o /dev/null --wrap true)"
idle
c "cat $out/prolog.$arr | grep -v SLURM_JOB_ID"
quiet "chmod 644 /home/hooks/prolog"
sub none -J none -w worker-1 -o /dev/null --wrap true
differs "chance: one that can't be run is one that fails here; there the job starts without it"
c "scontrol wait_job $none 2>&1 | sed 's/.*no longer.*//'; squeue -h -t all -j $none -o '%r'"
