# shellcheck shell=bash disable=SC2016
# srun --pty: what the tasks have, what the terminal shows, and how it is left.
t='./terminal 30x100'
c "srun --pty echo hi"
c "srun --pty sh -c 'test -t 0 && echo in; test -t 2 && echo err; echo to-err >&2'"
c "echo typed | srun --pty sh -c 'read x; echo got \$x'"
c "srun --pty sh -c 'exit 3'"
c "srun --pty -l echo hi"
differs "chance: which notices come before the end"
c "srun --pty -o x.out echo hi; cat x.out; rm -f x.out"
c "srun --pty -e x.err sh -c 'echo hi >&2'; cat x.err; rm -f x.err"
c "srun --pty -i /etc/hostname cat"
idle
c "srun --pty -n3 -N3 sh -c 'echo \$SLURM_PROCID \$(readlink /proc/self/fd/2) >x.'\\\$SLURM_PROCID; cat x.[0-2] | tr -d '[0-9]:\\[\\]'; rm -f x.[0-2]"
c "srun --pty -n2 -O -N1 sh -c 'test -t 0; echo \$? >x.'\\\$SLURM_PROCID; cat x.[01]; rm -f x.[01]"
c "srun --pty=3 echo hi"
c "srun --pty -u echo hi"
c "srun --pty nosuchprogram 2>&1 | sort"
c "SLURM_STDOUTMODE=none srun --pty true"
c "$t 'srun --pty sh -c \"stty size; env | grep PTY_WIN | sort; tty | tr -d 0-9; stat -c %U:%a \\\$(tty)\"'"
c "$t 'srun --pty sh -c \"exit 3\"'"
c "$t 'srun --pty -l echo hi'"
idle
c "$t 'srun --pty -n2 -N2 sh -c \"readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 | tr -d 0-9 >x.\\\$SLURM_PROCID; cat\"' 'type keys\\n' 'see keys' 'see keys' 'type \\x04'; cat x.0; echo; cat x.1; rm -f x.[01]"
c "srun --pty -o x -p nosuch true"
c "srun --pty -p nosuch true"
c "$t 'srun --pty -N2 -n2 hostname'"
# In an interactive shell: keys, ^C to what runs in it, ^Z and jobs.
work="type sh -c 'echo star\\\"\\\"ted; exec sleep 100'\\n"
c "$t 'srun --pty bash --norc -i' 'see \$ ' 'mode' 'type echo one\\n' 'see one' 'see one' 'see \$ ' \"$work\" 'see started' 'type \\x03' 'see ^C' 'see \$ ' 'type exit 4\\n'"
c "$t 'srun --pty bash --norc -i' 'see \$ ' \"$work\" 'see started' 'type \\x1a' 'see Stopped' 'see \$ ' 'type jobs\\n' 'see Stopped' 'see \$ ' 'type exit\\n' 'see stopped jobs' 'see \$ ' 'type exit\\n'"
c "$t 'srun --pty sh -c \"trap \\\"stty size; exit\\\" WINCH; echo ready; while :; do sleep 0.1; done\"' 'see ready' 'size 40x120'"
idle # so that it is worker-1, which is named
c "$t 'srun --pty sh -c \"echo ready; exec sleep 100\"' 'see ready' 'mode' 'kill TERM'"
idle # so that it is worker-1, which is named
c "$t 'srun --pty sh -c \"echo ready; exec sleep 100\"' 'see ready' 'kill HUP'"
c "$t 'srun --pty sh -c \"echo ready; exec sleep 100\"' 'see ready' 'hang up'"
idle
c "squeue -h"
