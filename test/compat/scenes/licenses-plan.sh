#conf: Licenses=fluent:2,zero:0;SchedulerParameters=bf_interval=1,bf_licenses,allow_zero_lic
# shellcheck shell=bash disable=SC2154
# Licences in the plan (bf_licenses): who waits for one has his place. Requests for more than there are (allow_zero_lic).
c "scontrol -o show licenses"
sub first -J first -L fluent:2 -t 10 -N1 -w worker-1 -o /dev/null --wrap "'exec sleep 600'"
state "$first" R
c "scontrol show job $first | grep -oE ' *TRES=.*'"
sub wait -J wait -L fluent:1 -t 10 -N3 -o /dev/null --wrap "'exec sleep 600'"
reason "$wait" Licenses
shows worker squeue -h -j "$wait" -o %Y
c "squeue -h -j $wait -o '%r %Y'"
c "[[ \$(squeue -h -n first -o %e) == \$(squeue -h -n wait -o %S) ]] && echo it starts when the other one ends"
sub long -J long -t 30 -N1 -o /dev/null --wrap "'exec sleep 600'"
sub short -J short -t 5 -N1 -o /dev/null --wrap "'exec sleep 600'"
state "$short" R
c "squeue -h -o '%j %t %r' -S j"
clear_
for what in fluent:3 zero zero:1 nosuch fluent:99; do
	c "sbatch -J ask -L $what -o /dev/null --wrap true | sed 's/[0-9]*\$//'"
done
shows Licenses squeue -h -n ask -o %r
c "squeue -h -n ask -o '%r %W' -S W"
clear_
