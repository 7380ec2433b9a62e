# shellcheck shell=bash disable=SC2154
declare -A odd
# Situations that every way of selection meets: who starts, with which nodes, CPUs and memory, and who waits for what.
_settled() { [[ $(squeue -h -j "$1" -o '%t %r' 2>/dev/null) =~ ^R|Resources|Priority|Nodes|Limit|Config ]]; }
job() { # NAME ARGS...: it starts, or waits with a reason
	local name=$1
	shift
	[[ ${without:-} != *" $name "* ]] || return 0
	sub "$name" -J "$name" "$@" -o /dev/null --wrap "'exec sleep 600'"
	until_true 90 _settled "${!name}"
}
shown() { # LETTER; odd[a], odd[a:cpus]: why the real one differs there
	[[ -z ${odd[$1]:-} ]] || differs "${odd[$1]}"
	c "squeue -h -S i -o '%j %t %C %N'"
	[[ -z ${odd[$1:cpus]:-} ]] || differs "${odd[$1:cpus]}"
	c "for j in \$(squeue -h -t R -S i -o %i); do scontrol -d show job \$j | grep -oE 'JobName=.*|Nodes=.*CPU_IDs=.*GRES|Mem=[0-9]+' | xargs; done"
	clear_
}
situations() {
	job a1 -n1 --mem=100
	job a2 -n1 --mem=100
	job a3 -n2 --mem=100
	job a4 -n3 --mem=100
	shown a
	job b1 -n3 --mem=100
	job b2 -N2 -n4 --mem=100
	job b3 -n5 --mem=100
	shown b
	job c1 -n12 --mem=100
	job c2 -n1 --mem=100
	job c3 -n1 --mem=100
	shown c
	job d1 -n2 -c3 --mem=100
	job d2 -n1 -c2 --mem=100
	shown d
	job e1 -n1 --mem=100
	job e2 -N2 --exclusive --mem=100
	job e3 -n1 --exclusive --mem=100
	shown e
	job f1 -n1 --mem=600
	job f2 -n1 --mem=600
	job f3 -n1 --mem=600
	job f4 -n1 --mem=600
	shown f
	job g1 -n2 --ntasks-per-node=1 --mem=100
	job g2 -N1-3 -n4 --mem=100
	job g3 -n1 --mincpus=3 --mem=100
	shown g
	job h1 -w worker-2 -n1 --mem=100
	job h2 -N2 --contiguous --mem=100
	job h3 -x worker-1 -n2 --mem=100
	shown h
	job i1 -N3 -n4 --mem=100
	job i2 -n2 --spread-job --mem=100
	job i3 -n2 --mem-per-cpu=200
	shown i
}
