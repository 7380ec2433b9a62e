#workers: 1
# shellcheck shell=bash disable=SC2034
# Nodes whose slurmd runs on the head itself, where a scene can start and stop it.
started_at() { scontrol -F show node "$1" | grep -o 'SlurmdStartTime=[^ ]*'; }
_started_since() { [[ $(started_at "$1") != "$2" ]]; }
begin() { # NODE: its slurmd, and until it is registered
	local before now=$SECONDS
	before=$(started_at "$1")
	until_true 3 eval "((SECONDS > $now))" # the time that is looked at is one in seconds
	quiet "slurmd -N $1"
	until_true 60 _started_since "$1" "$before"
}
end() {
	quiet 'read -r pid </var/run/slurmd.pid && kill $pid && while [ -e /proc/$pid ]; do sleep 0.05; done'
}
node_is() { shows "<$2>" sinfo -h -n "$1" -o '<%T>'; } # NODE STATE
# The real one doubts for a while that a node answers that was brought back, and makes one IDLE that registers again.
look() { # NODE
	c "sinfo -h -N -n $1 -o '%N %t %T %E %u %c %m' | sed -E 's/([a-z])[*]/\\1/g'"
	c "scontrol show node $1 | grep -oE 'State=[A-Z+_]*|Reason=.*' | sed 's/[+]NOT_RESPONDING//; s/=UNKNOWN+/=IDLE+/'"
}
