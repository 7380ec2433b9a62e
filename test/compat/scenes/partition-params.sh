#conf: SelectTypeParameters=CR_Core_Memory;PartitionName=DEFAULT Nodes=ALL;PartitionName=no Default=YES;PartitionName=nob;PartitionName=b1 TRESBillingWeights="CPU=2.0,Mem=0.5G";PartitionName=b2 TRESBillingWeights="CPU=1.0,Mem=0.25";PartitionName=b3 TRESBillingWeights="Node=10";PartitionName=b4 TRESBillingWeights="CPU=0.3,Mem=1G,Node=2,Billing=7";PartitionName=p1 Priority=5 QOS=normal AllowQos=a,b PreemptMode=REQUEUE DefCpuPerGPU=2 DefMemPerGPU=100 Alternate=nob CpuBind=core GraceTime=5;PartitionName=p2 DenyQos=x ReqResv=YES RootOnly=1 MaxMemPerNode=5K
#workers: 1
#cpus: 4
#mem: 1000
# shellcheck shell=bash disable=SC2154,SC2016
# Each parameter of a partition: in slurm.conf, by scontrol with values and mistakes, and what it does.
c "scontrol show partition p1"
c "scontrol show partition p2"
c "scontrol -o show partition p1"
quiet "scontrol create partition=x nodes=ALL"
x="scontrol -a -o show partition x | tr ' ' '\n'"
try() { r "$x >/tmp/x; scontrol update partition=x $1; echo \$?; $x | diff /tmp/x - | grep '^[<>]'"; }
for set in allocnodes=head allocnodes=nosuch allocnodes= allocnodes=all allowaccounts=a,b denyaccounts=c allowaccounts=all denyaccounts=all allowgroups=alice,bob allowgroups= \
	allowqos=normal allowqos=all denyqos=normal alternate=nob alternate=nowhere alternate=x alternate= cpubind=core cpubind=none cpubind=off cpubind=bad \
	default=yes default=no default=maybe default=1 defaulttime=5 defaulttime=none defaulttime=0 defaulttime=unlimited defaulttime=-1 defaulttime=bad \
	maxtime=20 defaulttime=10 maxtime=5 maxtime=-1 maxtime=0 maxtime=none maxtime=unlimited defmempercpu=5 defmempercpu=5G defmempercpu=bad defmempercpu=unlimited defmempercpu=-1 \
	defmempernode=7 defmempernode=7K defmempernode=infinite defmempernode=0 defmempergpu=5 defcpupergpu=2 jobdefaults=DefCpuPerGPU=2 jobdefaults=DefMemPerGPU=100 jobdefaults=bad=2 jobdefaults= \
	disablerootjobs=maybe exclusiveuser=yes exclusiveuser=maybe exclusiveuser=no gracetime=5 gracetime=1:00 gracetime=-1 gracetime=infinite gracetime=0 hidden=maybe lln=maybe lln=yes lln=no \
	maxcpuspernode=0 maxcpuspernode=2 maxcpuspernode=unlimited maxcpuspernode=bad maxcpuspernode=-1 maxmempercpu=5 maxmempercpu=bad maxmempernode=6 maxmempernode=0 maxmempernode=unlimited \
	maxnodes=0 maxnodes=-1 maxnodes=1k maxnodes=2-3 maxnodes=bad maxnodes=unlimited minnodes=0 minnodes=1k minnodes=2-3 minnodes=0 \
	oversubscribe=yes oversubscribe=yes:0 oversubscribe=yes:1 oversubscribe=force oversubscribe=force:0 oversubscribe=force:1 oversubscribe=force:3 oversubscribe=force:32767 oversubscribe=exclusive \
	oversubscribe=exclusive:2 oversubscribe=no:3 oversubscribe=forced oversubscribe=y oversubscribe=f oversubscribe= oversubscribe=no shared=yes:3 shared=force share=no \
	overtimelimit=3 overtimelimit=none overtimelimit=unlimited overtimelimit=70000 overtimelimit=-1 overtimelimit=bad powerdownonidle=yes \
	preemptmode=cancel preemptmode=requeue preemptmode=suspend preemptmode=gang preemptmode=suspend,gang preemptmode=off preemptmode=bad \
	priority=5 priorityjobfactor=9 priorityjobfactor=65534 priorityjobfactor=bad prioritytier=8 prioritytier=65533 prioritytier=-1 prioritytier=bad prioritytier=1 qos=normal qos= \
	reqresv=yes reqresv=no reqresv=maybe resumetimeout=30 rootonly=maybe rootonly=yes rootonly=no selecttypeparameters=cr_core state=bad state=dr state=down state=up state=inact state=up \
	suspendtime=30 suspendtimeout=30 tresbillingweights=cpu=bad tresbillingweights=nosuch=1 tresbillingweights= tresbillingweights=gres/gpu=1 \
	max=3 m=3 def=3 allow=x deny=x name=x cluster=x maxtime =5; do
	try "$set"
done
for set in oversubscribe=yes:x oversubscribe=force:32768 minnodes=bad; do
	differs "what is no value is refused; the real one makes something else of it"
	try "$set"
done
differs "nothing is changed where the nodes are refused; the real one takes those away that were there"
try nodes=+worker-2
quiet "scontrol update partition=x nodes=worker-1"
differs "it is refused; the real one says nothing and does nothing"
r "scontrol update partition=x maxtime=10 && scontrol update partition=x defaulttime=11"
r "scontrol create partition=DEFAULT nodes=ALL"
r "scontrol create partition=y Nodes=ALL Default=maybe"
r "scontrol update partition=x partition=nob maxtime=7; scontrol -o show partition nob | grep -o MaxTime=[^ ]*"
r "scontrol update partition=nob maxtime=unlimited"
quiet "scontrol delete partition=x"
r "scontrol update partition=no default=yes"
# What is billed.
tres() { c "scontrol show job $1 | grep -oE ' TRES=.*'"; }
for p in no b1 b2 b3 b4; do
	c "scontrol -o show partition $p | grep -oE ' TRES=.*'"
	sub one -p $p -n1 --mem=100 -H --wrap true
	sub two -p $p -n3 --mem=512 -H --wrap true
	tres "$one"
	tres "$two"
	sub runs -p $p -n2 --mem=300 -o /dev/null --wrap "'exec sleep 300'"
	state "$runs" R
	tres "$runs"
	clear_
done
c "scontrol show node worker-1 | grep CfgTRES"
r "scontrol create partition=z nodes=worker-1 tresbillingweights=cpu=3.0; scontrol -o show partition z | grep -oE ' TRES=.*'; scontrol delete partition=z"
r "scontrol update partition=no tresbillingweights=cpu=2.0,mem=0.5 nodes=worker-1"
c "scontrol -o show partition no | grep -oE ' TRES=.*'"
sub weighed -p no -n2 --mem=300 -H --wrap true
tres "$weighed"
clear_
r "scontrol update partition=no tresbillingweights=cpu=1.0"
# QOS, without a database of them.
for set in qos=normal allowqos=normal denyqos=normal; do
	r "scontrol update partition=no $set"
	sub runs -p no -n1 --mem=10 -o /dev/null --wrap "'exec sleep 300'"
	state "$runs" R
	clear_
done
r "scontrol update partition=no qos= allowqos=all"
# Only with a reservation.
r "scontrol update partition=no reqresv=yes"
c "sbatch -p no --wrap true"
c "srun -p no true"
r "sbatch -p no --wrap true"
sub held -p nob -n1 --mem=10 -H --wrap true
r "scontrol update jobid=$held partition=no"
sub both -p nob,no -n1 --mem=10 -o /dev/null --wrap "'exec sleep 300'"
state "$both" R
c "squeue -h -j $both -o '%P %t'"
clear_
r "scontrol update partition=no reqresv=no"
# The other one, while this one takes no jobs.
r "scontrol update partition=no alternate=nob state=drain"
to() { # NAME ARGS...
	sub "$@" -n1 --mem=10 -H --wrap true
	c "squeue -h -j ${!1} -o '%P %t'"
}
to a1 -p no
to a2 -p no,b1
to a3
r "scontrol update partition=no state=inactive"
to a4 -p no
r "scontrol update partition=no state=down"
to a5 -p no
r "scontrol update partition=nob state=drain"
r "scontrol update partition=no state=drain"
c "sbatch -p no -n1 --mem=10 --wrap true"
r "scontrol update partition=nob state=up"
r "scontrol update partition=no alternate=nowhere"
differs "ours names the partition that isn't there"
c "sbatch -p no -n1 --mem=10 --wrap true"
r "scontrol update partition=no alternate=no"
c "sbatch -p no -n1 --mem=10 --wrap true"
c "sbatch -p no,nob -n1 --mem=10 --wrap true"
r "scontrol update partition=no state=up"
clear_
