#workers: 3
#conf: PartitionName=compute Nodes=worker-[1-3] Default=YES MaxTime=INFINITE State=UP;PartitionName=side Nodes=worker-[1-2] MaxTime=30 State=UP;PartitionName=secret Nodes=worker-3 Hidden=YES;NodeName=fut[1-2] State=FUTURE;NodeName=lone NodeAddr=head Port=7007 CPUs=4 RealMemory=100 State=UNKNOWN;NodeName=worker-[1-3] CPUs=1 RealMemory=1800
# shellcheck shell=bash disable=SC2154
# scontrol show node and sinfo in all their forms: with nodes in several partitions and in none, FUTURE and absent ones.
for options in '' -o -d -a -F '-a -o' '-d -o' -Q; do
	c "scontrol $options show node | sed 's/UNKNOWN+NOT_RESPONDING/UNKNOWN/'" # the real one waits a while until it says so
done
for command in "show node worker-2" "show node worker-[1-2]" "show node nosuch" "show node worker-1,nosuch" "show node worker-[1-9]" "show node fut1" "-F show node fut1" "show node lone" "show nodes" "show nodename worker-1" "show node=worker-1" \
	"show node worker-1 worker-2" "show nod worker-1" "show futurenode" "--future show node fut[1-2]" "-a show node fut1" "show node ''" "show node ALL"; do
	c "scontrol $command | sed 's/UNKNOWN+NOT_RESPONDING/UNKNOWN/'; exit \${PIPESTATUS[0]}"
done
# In which order the partitions of a node come is chance.
for options in '' -l -N '-N -l' -s '-s -a' -d -r '-d -N' '-r -N' -R '-R -l' -a '-a -N' -e '-e -l' '-n worker-1' '-n worker-1,fut1 -N' '-n nosuch' '-p side' '-p side,secret -N' '-p nosuch' '-t idle' '-t idle -N' '-t future' '-F -t future' \
	'-t nosuch' '-t idle,nosuch' '-t down' '-t unknown' '-t all -N' '-t no_respond -N' '-t idle -s' '-S P' '-S -P' '-S t' '-h' '-h -s' '-s -l' '-l -d' '-l -r' '--hide' '-T' '-p side -N -l' '-o %all' '-o %z' '-o "%X %Y %Z %B"' '-o %10N.%5D' \
	'-O nodelist:.12,nodes:4,statelong' '-N -O nodelist,cpusstate,nodeaiot,nodeai,port,version,allocmem,memory,disk,sockets,cores,threads,socketcorethread' \
	'-O partition,available,time,defaulttime,root,oversubscribe,groups,size,allocnodes,maxcpuspernode,priorityjobfactor,prioritytier,preemptmode,cluster,nodehost,nodeaddr'; do
	order=cat
	# The line with the date would be sorted by its weekday.
	[[ $options != *-N* ]] || order="grep -v '^[A-Z][a-z][a-z] [A-Z]' | sort"
	c "sinfo $options | sed -E 's/ +$//' | $order"
done
quiet "scontrol update nodename=worker-3 state=drain reason=x"
for options in '' '-t drain' '-t idle' '-t drain -N' '-t drain -o %N' '-t down -o %N' '-o "%D %t"' '-o "%D %T %N"' '-o "%A %C"' '-o "%a %N"' '-o "%l %N"' '-h -o "%D %t %E"' '-R -p side' '-R -p compute,side' '-R -S "#P" -o "%P %N"' '-t down' '-t down -h' '-t down -o "%D %t"' '-t down -o "%a %D"' '-t down -o "%l %N"' '-s -t down' '-R -o "%a %E"'; do
	c "sinfo $options | sed -E 's/ +$//'"
done
