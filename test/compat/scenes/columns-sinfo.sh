#part: nodes
# shellcheck shell=bash disable=SC2154,SC2016
# sinfo: every letter of -o and every name of -O, of nodes and partitions of all kinds; widths, dots, suffixes, mistakes.
for one in a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 0 @; do
	case $one in
	e) hide='s/<[0-9]{3,7}(-[0-9]{3,7})?>/<N>/' ;;
	O) hide='s/<[0-9.]+(-[0-9.]+)?>/<N>/' ;;
	*) hide= ;;
	esac
	c "sinfo -a -o '%R|<%$one>' 2>&1 | sed -E '$hide'"
	c "sinfo -a -N -o '%N|%R|<%$one>' 2>&1 | sed -E '$hide' | sort"
	[[ $one != [evO] ]] || differs 'chance: there each node is a line of its own, or not'
	c "sinfo -a -e -o '%R|<%$one>' 2>&1 | sed -E '$hide' | sort"
	c "sinfo -a -h -t idle,alloc,mix,drain -o '<%$one>' 2>&1 | sed -E '$hide' | sort"
done
for one in All AllocMem AllocNodes Available Cluster Comment Cores CPUs CPUsLoad CPUsState DefaultTime Disk Extra Features features_act FreeMem Gres GresUsed Groups \
	MaxCPUsPerNode Memory NodeAddr NodeAI NodeAIOT NodeHost NodeList Nodes OverSubscribe Partition PartitionName Port PreemptMode PriorityJobFactor PriorityTier \
	Priority Reason Root Size SocketCoreThread Sockets StateCompact StateLong StateComplete Threads Time TimeStamp User UserLong Version Weight Share Shared State; do
	case $one in
	All) hide='s/\|[0-9]{4,6}(-[0-9]+)?\|(\(null|fast)/|N|\2/; s/[0-9]+\.[0-9]{2}(-[0-9.]+)? \|/LOAD |/' ;;
	FreeMem) hide='s/<[0-9]{3,7}(-[0-9]{3,7})?;>/<N;>/' ;;
	CPUsLoad) hide='s/<[0-9.]+(-[0-9.]+)?;>/<N;>/' ;;
	*) hide= ;;
	esac
	c "sinfo -a -O 'partitionname:;|<,$one:;>' 2>&1 | sed -E '$hide'"
	c "sinfo -a -N -O 'nodelist:;|,partitionname:;|<,$one:;>' 2>&1 | sed -E '$hide' | sort"
done
for one in P a t N D E g F; do
	[[ $one != t ]] || differs 'chance: the order, while a node of the real one has a flag for a moment'
	c "sinfo -h -o '[%.3$one] [%12$one] [%.12$one] [%1$one]'"
done
for form in '%%P' '%P%%' '%' '% P' '%-5P' '%05P' '%.0P|' '%P %!' text '' ' ' '%P\n%a' '%P\x1f%a' $'%P\t%a' '%PPART%aX' '%#P' '%..5P' '%all|' 'x%all' '%a%l' '%D' '%N' '%t'; do
	[[ $form != %t ]] || differs 'chance: the order, while a node of the real one has a flag for a moment'
	c "sinfo -o '$form' 2>&1 | sed -E 's/[0-9]+\.[0-9]{2}/LOAD/g; s/^(([^|]*\|){4})[0-9]+(-[0-9]+)?/\1N/'"
done
for form in partition PARTITION partition:8 partition:.8 'partition:.8|' 'partition:8|,time:3' 'partition:|' partition:0 partition: partition:. 'partition ,time' 'partition, time' \
	'partition,,time' ',partition' 'partition,' partition,bogus,time bogus 'partition:x5' $'partition:\x1f,time:\x1f' 'partition%10' '' , '%P'; do
	c "sinfo -O '$form'"
done
c "sinfo -h -o %P -O time"
clear_
