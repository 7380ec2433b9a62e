#conf: PartitionName=compute Nodes=worker-[1-3] Default=YES State=UP;PartitionName=short Nodes=worker-[1-2] MaxTime=10 DefaultTime=5;PartitionName=few Nodes=ALL MaxNodes=1;PartitionName=many Nodes=ALL MinNodes=2;PartitionName=bobs Nodes=ALL AllowGroups=bob;PartitionName=labs Nodes=ALL AllowAccounts=lab;PartitionName=nolabs Nodes=ALL DenyAccounts=lab;PartitionName=roots Nodes=ALL RootOnly=YES;PartitionName=closed Nodes=ALL State=DOWN;PartitionName=drained Nodes=ALL State=DRAIN;PartitionName=off Nodes=ALL State=INACTIVE;PartitionName=small Nodes=ALL MaxMemPerNode=100;PartitionName=elsewhere Nodes=ALL AllocNodes=worker-1
# shellcheck shell=bash disable=SC2154
# Jobs that go beyond each limit of a partition; what becomes of them is for the scene to look at, with `seen NAME`.
try() { c "sbatch $1 -o /dev/null --wrap 'exec sleep 300'"; }
seen() { c "squeue -h -n $1 -o '%j %P %t %l %r'"; } # NAME
# The nodes are taken, so that all that is accepted waits.
r "sbatch --parsable -N3 --exclusive -J full -o /dev/null --wrap 'exec sleep 300'"
shows R squeue -h -o %t
try '-J time -p short -t 20'
try '-J fits -p short -t 10'
try '-J default -p short'
try '-J nodes -p few -N2'
try '-J less -p many -N1'
try '-J group -p bobs'
b "sbatch -J his -p bobs -o /dev/null --wrap 'exec sleep 300'"
try '-J account -p labs'
try '-J account2 -p labs -A lab'
try '-J deny -p nolabs -A lab'
try '-J root -p roots'
try '-J closed -p closed'
try '-J drained -p drained'
try '-J off -p off'
try '-J mem -p small --mem=200'
try '-J where -p elsewhere'
try '-J two -p short,compute -t 20'
try '-J two2 -p few,many -N2'
try '-J two3 -p bobs,compute'
try '-J two4 -p bobs,labs'
try '-J two5 -p compute,nowhere'
try '-J over -p compute -N4'
try '-J cpus -p compute -n4'
try '-J cpus2 -p compute -c2'
try '-J much -p compute --mem=9000'
CAP_T=3 c "srun -p short -t 20 true"
differs 'chance: whether, and in which order, the real one says that the allocation is revoked'
CAP_T=3 c "salloc -p few -N2 true"
