#conf: MinJobAge=300
# shellcheck shell=bash disable=SC2154
# Held and released by a job's user and by root: who may end whose hold, in each state, by id, list, name and array.
# What was released shows None at first there, until its turn comes to be looked at.
seen() { c "squeue -h -r -t all -j $1 -o '%i %t %T %r' | sed 's/BeginTime/None/' | sort; scontrol show job $1 | grep -oE 'JobState=.*|Priority=0 |EligibleTime=Unknown' | sed 's/BeginTime/None/' | sort | uniq -c"; }
try() { # WHO ID: holds and releases by him
	for verb in hold uhold release; do
		"$1" "scontrol $verb $2"
		seen "$2"
	done
}
sub wait -J wait -b 2035-01-01 -o /dev/null --wrap "'exec sleep 600'"
try c "$wait"
try r "$wait"
try b "$wait"
r "scontrol hold $wait"
try c "$wait"
c "scontrol update jobid=$wait priority=0"
c "scontrol update jobid=$wait priority=5"
seen "$wait"
r "scontrol update jobid=$wait priority=0"
seen "$wait"
c "scontrol release $wait"
r "scontrol release $wait"
seen "$wait"
c "scontrol hold $wait"
seen "$wait"
r "scontrol uhold $wait"
seen "$wait"
r "scontrol hold $wait"
seen "$wait"
r "scontrol uhold $wait"
seen "$wait"
c "scontrol release $wait"
r "scontrol release $wait"
# Born held.
sub born -H -J born -o /dev/null --wrap "'exec sleep 600'"
seen "$born"
r "scontrol hold $born"
seen "$born"
c "scontrol release $born"
r "scontrol release $born"
state "$born" R
# While it runs: a hold that counts when it is requeued. (The real one forgets since when it was eligible.)
runs() { c "squeue -h -j $born -o '%i %t %T %r'"; }
runs
c "scontrol hold $born"
runs
c "scontrol release $born"
runs
r "scontrol hold $born"
runs
c "scontrol release $born"
r "scontrol release $born"
runs
c "scontrol hold $born"
c "scontrol requeue $born"
state "$born" PD
shows JobHeldUser squeue -h -j "$born" -o %r
c "squeue -h -j $born -o '%i %t %T %r'"
c "scontrol release $born"
reason "$born" BeginTime
c "squeue -h -j $born -o '%i %t %T %r'"
c "scancel $born"
state "$born" CA
try c "$born"
try r "$born"
# Lists, names, arrays, mistakes.
sub one -J one -b 2035-01-01 -o /dev/null --wrap true
sub two -J two -b 2035-01-01 -o /dev/null --wrap true
c "scontrol hold $one,$two"
seen "$one"
seen "$two"
c "scontrol hold $one $two"
c "scontrol release $one,4999"
seen "$one"
differs 'the second time it says "No error" there'
c "scontrol release 4999,$two"
seen "$two"
c "scontrol hold name=one"
c "scontrol hold jobname=two"
c "scontrol release jobname=two"
c "scontrol hold"
c "scontrol release"
c "scontrol uhold"
c "scontrol hold x"
c "scontrol hold 0"
sub arr -J arr --array=0-5 -b 2035-01-01 -o /dev/null --wrap true
reason "$arr" BeginTime
c "scontrol hold ${arr}_2"
c "scontrol hold ${arr}_[3-4]"
c "squeue -h -r -j $arr -o '%i %t %r' | sed 's/BeginTime/None/' | sort"
c "scontrol hold $arr"
c "squeue -h -r -j $arr -o '%i %t %r' | sed 's/BeginTime/None/' | sort"
c "scontrol release ${arr}_[0-1]"
r "scontrol hold ${arr}_5"
c "squeue -h -r -j $arr -o '%i %t %r' | sed 's/BeginTime/None/' | sort"
differs "what became of tasks is told record by record; the real one's records are others"
c "scontrol release $arr"
c "squeue -h -r -j $arr -o '%i %t %r' | sed 's/BeginTime/None/' | sort"
r "scontrol release $arr"
c "scontrol hold ${arr}_9"
c "scontrol release ${arr}_[8-9]"
clear_
