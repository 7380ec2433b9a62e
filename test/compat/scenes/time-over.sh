#seconds: 260
#conf: OverTimeLimit=1;KillWait=4;MinJobAge=600;PartitionName=compute Nodes=worker-[1-3] Default=YES State=UP;PartitionName=strict Nodes=worker-[1-3] OverTimeLimit=0;PartitionName=loose Nodes=worker-[1-3] OverTimeLimit=UNLIMITED
#cpus: 4
# shellcheck shell=bash disable=SC2154
# Time limits and their grace: OverTimeLimit of the cluster and of a partition, KillWait for what ignores SIGTERM, of batch scripts, steps and allocations.
# Each job writes down when it began, when SIGTERM came and until when it lived, in tenths of seconds of its own; the real one looks at limits every 30 s.
cat >lives.sh <<'J'
#!/usr/bin/env python3
import os, signal, sys, time
name, began = sys.argv[1], time.time()
def tenths():
    return "%d\n" % ((time.time() - began) * 10)
def term(*_):
    with open(name + ".term", "a") as file:
        file.write(tenths())
signal.signal(signal.SIGTERM, term)
while True:
    with open(name + ".new", "w") as file:
        file.write(tenths())
    os.replace(name + ".new", name + ".lives")
    time.sleep(0.1)
J
chmod 755 lives.sh
words() { c "scontrol show job $1 | grep -oE 'JobState=.*|TimeLimit=[^ ]*|ExitCode=.*'"; } # ID
# NAME LEAST MOST: when SIGTERM came, and how long it took until SIGKILL.
limits() {
	c "awk '{ print (\$1 >= $2 && \$1 <= $3 ? \"in time\" : \$1) }' $1.term"
	c "paste $1.term $1.lives | awk '{ d = \$2 - \$1; print (d >= 30 && d <= 85 ? \"KillWait\" : d) }'"
}
chown alice: lives.sh
sub over -J over -t 1 -o over.out -e over.err lives.sh over
sub strict -J strict -p strict -t 1 -o strict.out -e strict.err lives.sh strict
sub loose -J loose -p loose -t 1 -o /dev/null --wrap "'exec sleep 600'"
sub meek -J meek -p strict -t 1 -o meek.out --wrap "'exec sleep 600'"
sub step -J step -p strict -t 1 -o step.out -e step.err --wrap "'srun ./lives.sh step; echo step \$?; srun -n1 hostname; echo late \$?'"
sub code -J code -p strict -t 1 -o code.out --wrap "'trap \"echo got it; exit 9\" TERM; sleep 600 & wait'"
quiet "setpriv --reuid alice --regid alice --init-groups srun -J alloc -p strict -t 1 -n1 -w worker-3 sleep 600 >/home/alice/srun.said 2>&1; echo exit \$? >>/home/alice/srun.said" &
quiet "setpriv --reuid alice --regid alice --init-groups salloc -J salloc -p strict -t 1 sleep 100 >/home/alice/salloc.said 2>&1; echo exit \$? >>/home/alice/salloc.said" &
for id in "$over" "$strict" "$loose" "$meek" "$step" "$code"; do state "$id" R; done
words "$over"
for id in "$strict" "$meek" "$step" "$code"; do
	state "$id" TO 150
	words "$id"
	c "squeue -h -t all -j $id -o '%t %T %r %R'"
done
limits strict 500 1000
c "awk '{ print (\$1 >= 500 && \$1 <= 1000 ? \"in time\" : \$1) }' step.term | sort -u"
c "paste <(head -n 1 step.term) step.lives | awk '{ d = \$2 - \$1; print (d >= 30 && d <= 85 ? \"KillWait\" : d) }'"
c "grep -v Terminated strict.err | sed -E 's/[0-9]+ ON/N ON/'"
c "cat strict.out meek.out"
differs "chance: whether its srun lives to tell how the step ended"
c "cat step.out; sed -E 's/[0-9]+(\.[0-9]+)? ON/N ON/' step.err | sort"
c "cat code.out"
shows exit cat /home/alice/srun.said
differs "chance: srun says that it waits for the step, as at every other end; the real one says that, or Force Terminated"
c "grep -v allocated srun.said | grep -v queued | sort"
shows exit cat /home/alice/salloc.said
c "tail -n 2 salloc.said"
c "squeue -h -t all -S j -n alloc,salloc -o '%j %t %T %r'"
c "squeue -h -j $over -o '%t %r'"
state "$over" TO 150
words "$over"
limits over 1100 1600
c "squeue -h -j $loose -o '%t %r %L'"
c "scancel $loose"
# A limit that is shortened below what it ran is over at once; one of a step, shorter than its job's.
sub cut -J cut -p strict -t 10 -o cut.out --wrap "'srun -t 1 sleep 600; echo step \$?; srun sleep 600'"
state "$cut" R
shows step cat /home/alice/cut.out
differs "chance: srun says that it waits for the step, as at every other end; the real one says that, or Force Terminated"
c "sed -E 's/[0-9]+\.0 ON/N ON/' cut.out"
c "scontrol update jobid=$cut timelimit=1"
state "$cut" TO 150
words "$cut"
clear_
