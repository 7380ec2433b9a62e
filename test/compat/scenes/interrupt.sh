# shellcheck shell=bash disable=SC2016
# srun -X: ^C goes to the tasks at once.
ready='until grep -qs ready x.out; do sleep 0.05; done; rm -f x.got'
trap_='"trap \"touch x.got; exit 3\" INT; echo ready; while :; do sleep 0.1; done"'
stay='"trap \"touch x.got\" INT; echo ready; while :; do sleep 0.1; done"'
got='until [ -e x.got ]; do sleep 0.05; done'
c "rm -f x.out; srun -X bash -c $trap_ >x.out 2>&1 & $ready; kill -INT \$!; wait \$!; echo rc \$?; sort x.out"
c "rm -f x.out; SLURM_DISABLE_STATUS=1 srun bash -c $trap_ >x.out 2>&1 & $ready; kill -INT \$!; wait \$!; echo rc \$?; sort x.out"
c "rm -f x.out; srun -X sh -c 'echo ready; exec sleep 100' >x.out 2>&1 & $ready; kill -INT \$!; wait \$!; echo rc \$?; sort x.out"
# One that stays; what comes of the end is chance, but not that it is forced.
c "rm -f x.out; srun -X bash -c $stay >x.out 2>&1 & $ready; kill -INT \$!; $got; kill -INT \$!; wait \$!; echo rc \$?; grep -E 'Ctrl-C|forcing' x.out"
