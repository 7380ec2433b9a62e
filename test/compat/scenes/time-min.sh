# shellcheck shell=bash disable=SC2154
#conf: SchedulerParameters=bf_interval=1
# A limit that may be shortened for an earlier start, and is by no more than it must; and how it is shown and changed.
sub long -w "'worker-[1-2]'" -N2 -t 10 -J long -o /dev/null --wrap "'exec sleep 300'"
state "$long" R
sub wide -N3 -t 20 -J wide -o /dev/null --wrap true
shows "worker-[1-3]" squeue -h -j "$wide" -o %Y
sub not -N1 -t 60 --time-min=30 -J not -o /dev/null --wrap true
sub yes -N1 -t 60 --time-min=2 -J yes -o /dev/null --wrap "'exec sleep 300'"
state "$yes" R
# It ends when the other one does, or some seconds before; whole minutes are counted.
differs "the least is given there, and here as much as there is room for"
c "squeue -h -n yes -o '%l' | sed 's/^[6-9]:00/N:00/; s/^10:00/N:00/'"
c "squeue -h -o '%j %t' -S j"
c "for j in $yes $not; do scontrol show job \$j | grep -oE 'TimeMin=[0-9:]+'; done; scontrol show job $not | grep -oE 'TimeLimit=[0-9:]+'"
c "squeue -h -o '%j %l' -n not; squeue -h -n not,yes -O name:5,mintime:10"
c "scontrol update jobid=$not timemin=90"
c "scontrol update jobid=$not timemin=abc"
c "scontrol update jobid=$not timemin=0"
c "scontrol show job $not | grep -o 'TimeMin=.*'"
c "scontrol update jobid=$not timemin=UNLIMITED"
c "scontrol update jobid=$not timemin=20"
c "scontrol show job $not | grep -oE 'TimeMin=[0-9:]+'"
c "scontrol update jobid=$yes timemin=1"
c "sbatch -N1 -t 5 --time-min=6 --wrap true"
c "sbatch -N1 -t 5 --time-min=0 --wrap true"
c "sbatch -N1 -t 5 --time-min=x --wrap true"
clear_
