#cpus: 4
# shellcheck shell=bash disable=SC2016,SC2154
# sbcast and srun --bcast: mistakes, whose job, to which nodes, what is there already, modes and times; exit codes are errno's.
c 'sbcast'
c 'sbcast one'
c 'sbcast one two three'
c 'sbcast --bogus a b'
c 'sbcast -s x a b'
c 'sbcast -F x a b'
c 'sbcast -t x a b'
c 'sbcast -C bogus /etc/passwd /tmp/x'
c 'sbcast --send-libs=maybe /etc/passwd /tmp/x'
c 'sbcast --exclude=rel /etc/passwd /tmp/x'
c 'sbcast /etc/passwd /tmp/x'
c 'sbcast -j abc /etc/passwd /tmp/x'
c 'sbcast -j 1 /nonexistent /tmp/x'
c 'sbcast -j 1 /etc/shadow /tmp/x'
c 'sbcast -j 1 /etc /tmp/x'
c 'sbcast -j 1 /etc/passwd /tmp/'
c 'sbcast -F 9 -t -1 -j 4999 /etc/passwd /tmp/x'
c 'sbcast -j 4999.0 /etc/passwd /tmp/x'
c 'SLURM_JOB_ID=4999 sbcast /etc/passwd /tmp/x'
c 'SLURM_JOBID=4999 sbcast /etc/passwd /tmp/x'
c 'SLURM_JOB_ID=abc sbcast /etc/passwd /tmp/x'
sub held -H -N3 -o /dev/null --wrap true
c "sbcast -j $held /etc/passwd /tmp/x"
c "scancel $held"
differs 'chance: the real one may not have ended it yet'
c "sbcast -j $held /etc/passwd /tmp/x"
sub job -N3 -n6 -t 5 -o /dev/null --wrap "'srun -N2 -n2 sleep 500 & sleep 500'"
state "$job" R
shows "$job.0" squeue -h -s -o %i
# On each of its nodes.
all="srun --jobid=$job --overlap -N3 -n3 --ntasks-per-node=1 -l"
c 'umask 022; printf "hello\n" >src; chmod 754 src; touch -d "2020-01-02 03:04:05" src; dd if=/dev/urandom of=big bs=1M count=20 2>/dev/null; : >empty'
c "umask 077; sbcast -j $job src /tmp/sb.a"
c "$all sh -c 'stat -c \"%a %U %G %s\" /tmp/sb.a; cat /tmp/sb.a; find /tmp/sb.a -newermt 2021-01-01' | sort"
c "sbcast -j $job src /tmp/sb.a 2>x; echo \$?; sort x"
c "sbcast -j $job -f -p big /tmp/sb.a; $all cmp /tmp/sb.a big"
differs 'there is no credential with a time to expire'
c "sbcast -j $job -v -p -f -s 1m -F 2 -t 20 src /tmp/sb.a"
c "$all stat -c '%a %U %G %s %y' /tmp/sb.a | sort"
c "cd /tmp && sbcast -j $job /home/alice/src sb.rel; $all ls /tmp/sb.rel | sort"
c "sbcast -j $job src /tmp 2>x; echo \$?; sort x"
c "sbcast -f -j $job src /tmp 2>x; echo \$?; sort x"
c "sbcast -j $job src /nodir/x 2>x; echo \$?; sort x"
c "sbcast -j $job src /etc/x 2>x; echo \$?; sort x"
c "sbcast -j $job.0 src /tmp/sb.step; $all sh -c 'ls /tmp/sb.step 2>/dev/null || :' | sort"
c "sbcast -j $job.7 src /tmp/sb.step7"
c "sbcast -j $job.batch src /tmp/sb.batch; $all sh -c 'ls /tmp/sb.batch 2>/dev/null || :' | sort"
c "$all sh -c '[ \$SLURM_PROCID != 1 ] || touch /tmp/sb.one'; sbcast -j $job src /tmp/sb.one"
differs 'where one node cannot have it, no other gets it'
c "$all sh -c 'wc -c /tmp/sb.one 2>/dev/null || :' | sort"
b "sbcast -j $job /etc/passwd /tmp/sb.bob"
differs 'root is told at once that it is not his'
r "sbcast -j $job /etc/passwd /tmp/sb.root"
c "sbcast -j $job empty /tmp/sb.empty; $all stat -c '%a %U %s' /tmp/sb.empty | sort"
c "sbcast -C -j $job src /tmp/sb.c1; sbcast -C none -j $job src /tmp/sb.c2; sbcast -Clz4 -j $job src /tmp/sb.c3; sbcast --compress=none -j $job src /tmp/sb.c4"
c "SBCAST_FORCE= SBCAST_SIZE=x sbcast -j $job src /tmp/sb.a"
c "SBCAST_FORCE= SBCAST_FANOUT=x SBCAST_TIMEOUT=x SBCAST_COMPRESS=none sbcast -j $job src /tmp/sb.a"
c "SBCAST_PRESERVE= SLURM_JOB_ID=$job sbcast src /tmp/sb.time; $all stat -c %y /tmp/sb.time | sort"
step="srun --jobid=$job --overlap -N3 -n3 --ntasks-per-node=1"
c "cp /bin/true prog; $step --bcast=/tmp/sb.prog ./prog; echo \$?; $step --bcast=/tmp/sb.prog ./prog; echo \$?"
c "cp /bin/ls prog2; $step -l --bcast=/tmp/ ./prog2 /tmp | grep -o slurm_bcast.* | sed 's/[.][0-9]*_/.N_/' | sort"
c "$step --bcast ./prog; ls | grep slurm_bcast | sed 's/[.][0-9]*_/.N_/'; rm -f slurm_bcast*"
c "srun --jobid=$job --overlap -N1 -n1 -w worker-2 --bcast=/nodir/x ./prog; echo \$?"
c "srun --jobid=$job --overlap -N1 -n1 -w worker-2 --bcast=/tmp/sb.w hostname; echo \$?"
c "srun --jobid=$job --overlap -N1 -n1 --bcast=/tmp/sb.w ./nothing; echo \$?"
differs "a name that is not said from the root is one in the step's working directory"
c "srun --jobid=$job --overlap -N1 -n1 --bcast=rel ./prog; echo \$?; cmp rel prog"
c "srun --jobid=$job --overlap -N1 -n1 --compress=bogus --bcast-exclude=rel --bcast=/tmp/sb.w3 ./prog; echo \$?"
c "srun --jobid=$job --overlap -N1 -n1 --send-libs=maybe --bcast=/tmp/sb.w5 ./prog; echo \$?"
c "srun --jobid=$job --overlap -N1 -n1 --send-libs=no -v --bcast=/tmp/sb.w7 ./prog 2>&1 | grep -E '^srun: bcast'"
c "SLURM_BCAST=/tmp/sb.env srun --jobid=$job --overlap -N1 -n1 -w worker-2 --pty sh -c 'echo \$0' </dev/null 2>/dev/null; $all sh -c 'ls /tmp/sb.env 2>/dev/null || :'"
clear_
