# shellcheck shell=bash disable=SC2016,SC2154
#cpus: 2
# sattach: to whom, to what, and what it shows.
c "sattach"
c "sattach abc"
c "sattach 4999.0"
c "sattach 1"
c "sattach --bogus 1.0"
c "sattach --layout 4999.0"
sub first -J first -N2 -n3 -O -t 5 -o /dev/null --wrap "'srun -n3 -O sh -c \"echo early \\\$SLURM_PROCID; until [ -e go ]; do sleep 0.1; done; echo late \\\$SLURM_PROCID; echo err \\\$SLURM_PROCID >&2; exit \\\$SLURM_PROCID\"; exec sleep 500'"
state "$first" R
shows "$first.0" squeue -h -s -o %i
c "sattach --layout $first.0"
c "sattach --layout $first"
c "sattach --layout $first.batch"
c "sattach --layout $first.7"
differs "another user is told that it is not his"
b "sattach $first.0"
b "sattach --layout $first.0"
r "sattach --layout $first.0"
differs "the real one sends a broken message and hangs"
c "timeout 4 sattach $first.batch"
differs "chance: the real one lists a step before its tasks run, and attaches to nothing then"
c "sattach $first.0 >x.out 2>x.err & sleep 3; touch go; wait \$!; echo rc \$?; sort -u x.out x.err; rm -f x.* go"
clear_
sub second -J second -N2 -n3 -O -t 5 -o /dev/null --wrap "'srun -n3 -O sh -c \"until [ -e go ]; do sleep 0.1; done; echo late \\\$SLURM_PROCID; echo err \\\$SLURM_PROCID >&2; exit 0\"; exec sleep 500'"
shows "$second.0" squeue -h -s -o %i
differs "chance: the real one lists a step before its tasks run, and attaches to nothing then"
c "sattach -l $second.0 >x.1 2>&1 & sattach --output-filter 1 --error-filter 2 $second.0 >x.2 2>&1 & sleep 3; touch go; wait; sort x.1; echo; sort x.2; rm -f x.* go"
clear_
sub third -J third -N1 -n2 -O -t 5 -o /dev/null --wrap "'sleep 400 | srun -n2 -O sh -c \"read x; echo got \\\$x \\\$SLURM_PROCID; sleep 1\"; exec sleep 500'"
shows "$third.0" squeue -h -s -o %i
differs "chance: the real one lists a step before its tasks run, and attaches to nothing then"
c "(sleep 2; echo typed; sleep 3) | sattach $third.0 | sort"
clear_
sub fourth -J fourth -N1 -n1 -O -t 5 -o fourth.out --wrap "'sleep 400 | srun -n1 -O sh -c \"read x; echo got \\\$x; exec sleep 400\"; exec sleep 500'"
shows "$fourth.0" squeue -h -s -o %i
differs "chance: the real one lists a step before its tasks run, and attaches to nothing then"
c "timeout 5 sattach $fourth.0 </dev/null"
c "squeue -h -s -j $fourth -o %i"
# Its own end is not the step's; a task's end by a signal is none of its business.
c "(exec sattach $fourth.0 </dev/null >x.out 2>&1) & sleep 2; kill -INT \$!; wait \$!; echo rc \$?; cat x.out"
c "(exec sattach $fourth.0 </dev/null >x.out 2>&1) & sleep 2; kill -TERM \$!; wait \$!; echo rc \$?; cat x.out"
c "squeue -h -s -j $fourth -o %i"
c "(exec sattach $fourth.0 </dev/null >x.out 2>&1) & sleep 2; scancel -s KILL $fourth.0; wait \$!; echo rc \$?; cat x.out; rm -f x.out"
clear_
