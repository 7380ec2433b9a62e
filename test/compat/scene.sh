# shellcheck shell=bash
# What a scene (scenes/*.sh) is written with. It runs as root on the head of an idle lab, of the real Slurm or of ours, in /home/alice:
#
#   c COMMAND          as alice, and what it says is recorded; it has CAP_T (30) seconds, 124 is its exit code when they are over
#   r COMMAND          the same as root;  b COMMAND as bob
#   differs REASON     the next recorded command is known to differ, and why; "chance: ..." may match all the same
#   sub NAME ARGS...   sbatch as alice, not recorded; the job's id is in $NAME, and is shown as <NAME> in all that is recorded
#   ids NAME ID        the same for an id that came about otherwise
#   quiet COMMAND      as root, not recorded
#   state ID WORD      waits until squeue shows that state (PD, R, CD ...) of the job;  reason ID WORD the reason
#   shows TEXT COMMAND...   waits until what COMMAND prints has TEXT in it
#   idle               waits until there are no jobs and all nodes that are up are idle;  clear_ cancels all jobs first
#
# Files of the scene's own are in /home/alice; job ids begin at 4001.
set -u
OUT=$1
cd /home/alice || exit
shopt -s expand_aliases
mkdir -p "$OUT"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
record=0
DIFFERS=

user() { /home/put - 600 "$1" "$2"; } # USER COMMAND
# Seconds, without a process.
mkfifo "$T/never"
nap() { read -rt "$1" _ <>"$T/never" || true; }
put() { # USER COMMAND
	local file
	record=$((record + 1))
	printf -v file '%s/%03d' "$OUT" "$record"
	/home/put "$file" "${CAP_T:-30}" "$1" "$2"
	[[ -z $DIFFERS ]] || printf '%s\n' "$DIFFERS" >"$file.differs"
	DIFFERS=
}
c() { put alice "$1"; }
b() { put bob "$1"; }
r() { put root "$1"; }
differs() { DIFFERS=$1; }
quiet() { bash -c "$1" >/dev/null 2>&1 </dev/null; }
ids() {
	printf -v "$1" %s "$2"
	echo "$2 $1" >>"$OUT/ids"
}
sub() { # NAME ARGS...
	local name=$1 id
	shift
	id=$(user alice "sbatch --parsable $*" 2>"$T/sub")
	[[ -n $id ]] || { echo "scene: sbatch $*: $(<"$T/sub")" | tee -a "$OUT/broken" >&2; }
	ids "$name" "${id:-0}"
}
until_true() { # SECONDS COMMAND...
	local end=$((SECONDS + $1)) wait=0 nap
	shift
	until "$@"; do
		((SECONDS < end)) || { echo "scene: this did not come true: $*" | tee -a "$OUT/broken" >&2; return 1; }
		wait=$((wait < 300 ? wait + 30 : wait))
		printf -v nap 0.%03d "$wait"
		nap "$nap"
	done
}
_is() {
	local said
	said=$(squeue -h -r -t all -j "$1" -o "$2" 2>/dev/null)
	[[ ${said%%$'\n'*} == "$3" ]]
}
state() { until_true "${3:-60}" _is "$1" %t "$2"; }
reason() { until_true "${3:-90}" _is "$1" %r "$2"; }
_has() {
	local text=$1
	shift
	[[ $("$@" 2>&1) == *"$text"* ]]
}
shows() { until_true 90 _has "$@"; }
_no_jobs() { [[ -z $(squeue -h) ]]; }
_no_use() { [[ -z $(sinfo -h -t alloc,mix,comp -o %N) ]]; }
idle() { until_true 90 _no_jobs && until_true 60 _no_use; }
clear_() {
	local one
	for one in alice bob root; do scancel -u "$one" >/dev/null 2>&1; done
	idle
}
