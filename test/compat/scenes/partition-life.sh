#conf: MinJobAge=300;PartitionName=compute Nodes=worker-[1-3] Default=YES State=UP;PartitionName=side Nodes=worker-[1-2];PartitionName=secret Nodes=ALL Hidden=YES
# shellcheck shell=bash disable=SC2154
# Partitions made, changed, closed and taken away by scontrol, with and without jobs in them.
p() { r "scontrol $1"; }
show() { c "scontrol show partition $1"; }
c "sinfo -s"
c "sinfo -s -a"
c "sinfo -h -o '%R %a %l %D %T'"
c "sinfo -a -h -o '%R %a %l %D %T'"
c "sinfo -h -p secret"
c "scontrol show partition"
c "scontrol -a show partition -o"
c "scontrol create partition=x nodes=ALL"
c "scontrol update partition=side state=down"
c "scontrol delete partition=side"
p "create partition=new nodes=worker-[1-2] maxtime=30 defaulttime=10 maxnodes=2 minnodes=1 state=up prioritytier=3 priorityjobfactor=7 allowgroups=alice defmempercpu=10 maxmempernode=500 oversubscribe=yes:3 rootonly=no hidden=no gracetime=5 lln=yes maxcpuspernode=1 overtimelimit=2 qos="
p "create partition=new nodes=worker-[1-2] maxtime=30 defaulttime=10 maxnodes=2 minnodes=1 state=up prioritytier=3 priorityjobfactor=7 allowgroups=alice defmempercpu=10 maxmempernode=500 oversubscribe=yes:3 rootonly=no hidden=no gracetime=5 lln=yes maxcpuspernode=1 overtimelimit=2"
show new
p "create partition=new nodes=ALL"
p "create partition=bad nodes=worker-9"
quiet "scontrol delete partition=bad" # the real one has it, without nodes
p "create partition=bad nodes=ALL maxtime=never"
p "create partition=bad nodes=ALL nosuch=1"
p "create partition=bad nodes=ALL state=open"
p "create partition nodes=ALL"
p "create partition=empty"
show empty
p "delete partition=empty"
p "delete partition=empty"
p "delete partition=nowhere"
show empty
for set in maxtime=60 maxtime=infinite maxtime=1-02:03:04 defaulttime=100 maxnodes=1 maxnodes=unlimited minnodes=2 minnodes=9 state=drain state=inactive state=down state=up \
	nodes=worker-1 nodes=worker-[1-3] allowgroups=bob allowgroups=all allowgroups=nosuchgroup allowaccounts=lab allowaccounts=all denyaccounts=lab \
	allownodes=head allownodes=all rootonly=yes rootonly=no hidden=yes hidden=no oversubscribe=exclusive oversubscribe=force:2 oversubscribe=no \
	oversubscribe=maybe priorityjobfactor=100 prioritytier=70000 disablerootjobs=yes disablerootjobs=no preemptmode=off \
	defmempernode=100 maxmempercpu=200 nosuch=1; do
	p "update partition=new $set"
	c "scontrol -a -o show partition new"
done
for set in reqresv=yes exclusiveuser=yes alternate=side jobdefaults=defcpupergpu=1; do
	p "update partition=new $set"
done
p "update partition=new defaulttime=none"
p "update partition=new tresbillingweights=cpu=2.0,mem=0.5"
c "scontrol -a -o show partition new | grep -o TRESBilling.*"
p "update partition=nowhere state=down"
p "update partition=new"
p "delete partition=new"
# Who is the default.
p "update partition=side default=yes"
c "sinfo -h -o %P"
sub dflt -H -o /dev/null --wrap "'exec sleep 300'"
c "squeue -h -j $dflt -o %P"
p "update partition=side default=no"
c "sinfo -h -o %P"
c "sbatch -o /dev/null --wrap true"
p "update partition=compute default=yes"
c "sinfo -h -o %P"
# States with jobs in it.
r "sbatch --parsable -p compute -N3 --exclusive -J full -o /dev/null --wrap 'sleep 300'"
shows R squeue -h -t R -o %t
sub pend -p side -J pend -o /dev/null --wrap "'exec sleep 300'"
reason "$pend" Resources
for to in drain inactive down; do
	p "update partition=side state=$to"
	case $to in inactive) word=PartitionInactive ;; down) word=PartitionDown ;; *) word=Resources ;; esac
	reason "$pend" $word
	c "squeue -h -j $pend -o '%P %t %r'"
	c "sinfo -h -p side -o '%P %a %t %D'"
	c "sbatch -p side -J more$to -o /dev/null --wrap 'sleep 300'"
done
p "update partition=side state=up"
reason "$pend" Resources
p "update partition=side hidden=yes"
c "squeue -h -j $pend -o '%P %t %r'"
c "squeue -h -o '%P %j'"
c "squeue -h -a -p side -n pend -o '%P %j'"
c "scontrol show job $pend | grep -o 'Partition=[^ ]*'"
r "squeue -h -n pend -o '%P %j'"
p "update partition=side hidden=no"
p "delete partition=side"
c "squeue -h -j $pend -o '%P %t %r'"
p "delete partition=compute"
c "sinfo -h -o '%P %a %D'"
clear_
