#part: nodes
# shellcheck shell=bash disable=SC2154
# sinfo: sorting by every key, every filter and option with its mistakes, and the variables.
for how in '' -a -l -N '-N -l' -s '-s -a' -R '-R -l' '-l -s' '-N -s' '-R -N' '-a -N' '-a -l' '-a -R' -r -d '-d -N' '-e' '-e -N' '-e -l' '-e -a' --hide '-a --hide' '--hide -a' --all --dead --exact --long --Node --summarize \
	--list-reasons --responding --noheader '-h -l' '-h -N' '-h -R' --local --federation --noconvert; do
	# In which order a node's partitions come is chance there; the line with the date would be sorted by its weekday.
	case $how in *N*) sort='| grep -v "^[A-Z][a-z][a-z] [A-Z]" | sort' ;; *) sort= ;; esac
	[[ $how != '-a -R' ]] || differs 'chance: by which of its partitions a node is listed there'
	c "sinfo $how $sort"
done
for states in idle alloc ALLOC allocated mix mixed drain drained draining down unk unknown fail maint resv reserved comp completing no_respond future futr cloud planned power_down powering_down powered_down \
	powering_up reboot_issued reboot_requested perfctrs npc IDLE idle,mix 'drain&idle' 'down&drain' 'idle&mix' bogus idle,bogus 'idle&bogus' '' , 'idle,' all ALL error blocked plnd inval power_up 'idle*' drng; do
	c "sinfo -h -t '$states' -o '%P %t %N'"
	c "sinfo -h -N -t '$states' -o '%N %t' | sort"
done
for nodes in worker-1 worker-1,worker-3 'worker-[2-4]' nosuch worker-1,nosuch '' worker-9 head; do
	c "sinfo -h -n '$nodes' -o '%P %t %N'"
done
for parts in compute small,off hid bobs nosuch compute,nosuch '' , COMPUTE 'compute,' none; do
	c "sinfo -h -p '$parts' -o '%P %t %N'"
	c "sinfo -h -s -p '$parts'"
done
c "sinfo -N -p small"
c "sinfo -n worker-2 -p compute"
c "sinfo -n worker-5 -t idle"
c "sinfo -t idle -p off"
b "sinfo -h"
r "sinfo -h"
for key in c d l m p t w D L P R T X Y Z '#P' '#P,-t' '+P' -P P,-m i j ! '' , ' ' - -m -w; do
	c "sinfo -h -a -o '%P %t %D %N %m %w' -S '$key,#P,-t,N'"
done
for key in '#P' P t N m; do
	c "sinfo -h -a -N -o '%N %P %t' -S '$key,N,P'"
done
for how in -M -x --bogus -i '-i x' '-i 0' '-i -1' -S -o -p --states --nodes '--format=' '--json=x' -1 extra -T --reservation '-T -l' '-T -h' --usr '--reservations'; do
	c "sinfo -h -o %P $how 2>&1 | sed -E '/^sinfo: (debug|verbose)/d; s/^DATE$//'"
done
for set in SINFO_ALL=1 SINFO_FEDERATION=1 SINFO_FORMAT=%P SINFO_FORMAT=%t%N SINFO_LOCAL=1 SINFO_PARTITION=small SINFO_PARTITION=nosuch SINFO_SORT=-P SINFO_FORMAT2=time; do
	[[ $set != *%t%N ]] || differs "chance: a flag that a node has for a moment sorts it before others there"
	c "$set sinfo -h"
done
c "SINFO_PARTITION=small sinfo -h -p compute"
differs "chance: a flag that a node has for a moment sorts it before others there"
c "SINFO_FORMAT=%P sinfo -h -o %t"
c "SINFO_FORMAT=%P sinfo -h -O time"
c "SINFO_FORMAT=%P sinfo -l"
c "SINFO_SORT=-P sinfo -h -S P"
for format in standard relative '%H' '' '%a %T' 'at %s' bogus; do
	c "SLURM_TIME_FORMAT='$format' sinfo -h -N -n worker-4 -p off -o '%H|%E' | sed -E 's/[0-9]/9/g'"
done
c "stdbuf -oL sinfo -h -i 1 -o %P -p small | head -n 3"
c "stdbuf -oL sinfo -i 1 -o %P -p small | head -n 4"
differs 'what to do about it, in place of a database that is not there'
c "sinfo -M nosuch"
clear_
