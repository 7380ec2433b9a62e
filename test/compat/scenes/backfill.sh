# shellcheck shell=bash disable=SC2154
#conf: SchedulerParameters=bf_interval=1
# What starts before its turn, and what is planned: nodes and times of those that wait, as every command shows them.
planned() { shows "$2" squeue -h -j "$1" -o %Y; } # ID NODES
sub long -w "'worker-[1-2]'" -N2 -t 10 -J long -o /dev/null --wrap "'exec sleep 300'"
state "$long" R
sub wide -N3 -t 20 -J wide -o /dev/null --wrap "'exec sleep 300'"
planned "$wide" "worker-[1-3]"
reason "$wide" Resources
c "sinfo -N -h -o '%N %t %T'"
c "scontrol show node worker-3 | grep -o 'State=[A-Z+]*'"
c "sinfo -h -t planned -o '%N %t'; sinfo -h -t plnd -o '%N %T'; sinfo -h -t idle -o %N"
c "squeue -h -o '%j %t %r %Y' -S j"
c "squeue --start -h -o '%j %Y %r'"
shows "Backfill:" scontrol show job "$wide"
c "scontrol show job $wide | grep -oE '(Reason|NodeList|SchedNodeList|Scheduler|ReqNodeList)=[^ ]*'"
c "[[ \$(squeue -h -n long -o %e) == \$(squeue -h -n wide -o %S) ]] && echo it starts when the other one ends"
# One that is over by then starts now; one that isn't waits behind.
sub short -N1 -t 5 -J short -o /dev/null --wrap "'exec sleep 300'"
state "$short" R
c "squeue -h -n short -o '%j %t %r %N'"
sub behind -N3 -t 30 -J behind -o /dev/null --wrap true
planned "$behind" "worker-[1-3]"
reason "$behind" Priority
c "squeue -h -o '%j %t %r %Y' -S j"
differs "chance: the real one puts a little time between them"
c "[[ \$(squeue -h -n wide -o %e) == \$(squeue -h -n behind -o %S) ]] && echo it starts when the other one ends"
# An end before its time: what was planned for later starts now.
quiet "scancel $long $short"
state "$wide" R
planned "$behind" "worker-[1-3]"
reason "$behind" Resources
c "squeue -h -o '%j %t %r %Y' -S j"
quiet "scancel $behind"
clear_
# Without limits nobody knows when; then nothing is planned, and others pass.
sub long -w worker-1 -N1 -J long -o /dev/null --wrap "'exec sleep 300'"
state "$long" R
sub wide -N3 -J wide -o /dev/null --wrap true
reason "$wide" Resources
sub pass -N1 -t 60 -J pass -o /dev/null --wrap "'exec sleep 300'"
state "$pass" R
c "squeue -h -o '%j %t %r %Y' -S j"
differs "what has no limit is counted on for a year there, and the start said to be then"
c "squeue --start -h -o '%j %S %Y'"
c "scontrol show job $wide | grep -oE '(Reason|SchedNodeList|EndTime)=[^ ]*'"
clear_
