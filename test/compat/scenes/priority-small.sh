# shellcheck shell=bash disable=SC2154
#conf: PriorityType=priority/multifactor;PriorityWeightJobSize=1000;PriorityFavorSmall=YES;PriorityFlags=SMALL_RELATIVE_TO_TIME,NO_NORMAL_TRES,CALCULATE_RUNNING
#conf: PriorityWeightTRES=cpu=1.5,mem=-0.25,node=7;PriorityMaxAge=INFINITE
#cpus: 4
# What needs less for each of its minutes first; weights that are not normalised; and who starts first by that.
c "scontrol show config | grep ^Priority"
quiet "scontrol update nodename=worker-[1-3] state=drain reason=all-wait"
sub one -N1 -t 10 -J one -o /dev/null --wrap true
sub two -N2 -n6 -t 20 --mem=100 -J two -o /dev/null --wrap true
sub three -N3 -n12 -J three -o /dev/null --wrap true
sub short -N1 -t 1 -J short -o /dev/null --wrap true
shows "$short" sprio -h -o %i
c "sprio"
c "sprio -n"
c "sprio -w"
c "sprio -o '%i %J %j %T %t %y'"
c "squeue -h -o '%j %Q' -S j"
clear_
quiet "scontrol update nodename=worker-[1-3] state=resume"
# The shorter one was there first; its size for each minute is more.
sub long -w "'worker-[1-3]'" -N3 -n12 --mem=1 -t 60 -J long -o /dev/null --wrap "'exec sleep 300'"
state "$long" R
sub short -N3 -n12 --mem=1 -t 2 -J short -o /dev/null --wrap "'exec sleep 300'"
sub wide -N3 -n12 --mem=1 -t 60 -J wide -o /dev/null --wrap "'exec sleep 300'"
reason "$wide" Resources
reason "$short" Priority
c "squeue -h -o '%j %r %t' -S j"
quiet "scancel $long"
state "$wide" R
c "squeue -h -o '%j %r %t' -S j"
clear_
