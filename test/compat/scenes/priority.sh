# shellcheck shell=bash disable=SC2154
#conf: PriorityType=priority/multifactor;PriorityWeightJobSize=1000;PriorityWeightPartition=1000;PriorityWeightTRES=CPU=300,Mem=600
#conf: PriorityFlags=NO_NORMAL_PART,DEPTH_OBLIVIOUS;PriorityMaxAge=1-0;PriorityCalcPeriod=1
#conf: PartitionName=compute Nodes=worker-[1-3] Default=YES MaxTime=INFINITE State=UP
#conf: PartitionName=other Nodes=worker-[1-2] PriorityJobFactor=4 MaxTime=INFINITE State=UP
#cpus: 4
# Factors of priorities: what they come to for jobs of many shapes, and sprio in all its forms. Age counts here without slurmdbd and
# has no weight, therefore.
c "scontrol show config | grep ^Priority"
c "sprio"
quiet "scontrol update nodename=worker-[1-3] state=drain reason=all-wait"
sub one -N1 -t 10 -J one -o /dev/null --wrap true
sub two -N2 -n6 -t 20 --mem=100 -J two -o /dev/null --wrap true
sub three -N3 -n12 -t 20 --nice=50 -J three -o /dev/null --wrap true
sub other -N2 -p other -J other -o /dev/null --wrap true
sub arr -N1 -a 1-3 -J arr -o /dev/null --wrap true
sub held -N1 -H -J held -o /dev/null --wrap true
sub later -N1 -b 2035-01-01 -J later -o /dev/null --wrap true
sub dep -N1 -d "afterany:$one" -J dep -o /dev/null --wrap true
ids own "$(sbatch --parsable -N1 --priority=777 -J own -o /dev/null --wrap true)"
ids less "$(sbatch --parsable -N1 --nice=-100 -J less -o /dev/null --wrap true)"
sub cant -N1 --priority=777 -J cant -o /dev/null --wrap true
shows "$cant" sprio -h -o %i
for form in "" -l -n "-n -l" -w "-w -n" "-w -l" -h "-h -w"; do c "sprio $form"; done
c "sprio -o '%.15i|%9r|%.8u|%.10Y|%.10S|%.10A|%.10B|%.10F|%.10J|%.10P|%.10Q|%.11N|%.20T'"
c "sprio -o '%i %a %b %c %f %j %p %q %t %N %T %A %B %F %J %P %Q %S %r %u'"
c "sprio -o '%i %y'"
c "sprio -h -o '%i %z %Z'"
c "sprio -h -o 'x%iy %%A %5i|%-5i|%3r'"
c "sprio -o ''"
for key in Y -Y r,-Y -i u,i J,-Y; do c "sprio -h -S $key"; done
c "sprio -S z"
c "sprio -j $two"
c "sprio -j$two,$three"
c "sprio -j"
c "sprio -j 4999"
c "sprio -j $held"
c "sprio -j abc"
c "sprio -j ${arr}_2"
c "sprio -j $arr -o %i"
c "sprio -u bob"
c "sprio -u alice,root -o '%i %u'"
c "sprio -u nobodyhere"
c "sprio -u 0"
c "sprio -p other"
c "sprio -p compute,other -o '%i %r'"
c "sprio -p nope"
c "sprio -M elsewhere"
c "sprio -v -j $two"
c "sprio --sibling"
c "sprio --federation -j $two"
c "SPRIO_FORMAT=%i sprio"
c "SPRIO_FORMAT=%i sprio -l -j $two"
c "sprio -o %i -l"
c "sprio -l -n -o %i"
c "squeue -h -o '%j %Q %p %P' -S j"
c "for j in $two $three $held $own; do scontrol show job \$j | grep -oE 'Priority=[0-9]+ Nice=[-0-9]+'; done"
# Changes are weighed at once.
r "scontrol update jobid=$two priority=5000"
r "scontrol update jobid=$three nice=-10"
c "scontrol update jobid=$other priority=1"
c "scontrol update jobid=$three nice=100"
r "scontrol update jobid=$arr partition=other"
c "scontrol hold $cant"
c "sprio"
c "squeue -h -o '%j %Q' -S j"
c "scontrol release $cant"
c "squeue -h -o '%j %Q' -n cant"
r "scontrol hold $two"
r "scontrol release $two"
c "squeue -h -o '%j %Q' -n two"
clear_
quiet "scontrol update nodename=worker-[1-3] state=resume"
