# Sourced by the lab's tests: a lab of its own, and lines "ok NAME", "not ok NAME: why", "skip NAME: why" for each case.
# shellcheck shell=bash
set -uo pipefail
HERE=$(dirname "$(readlink -f "$0")")
TEST=$(basename "$0")
export LAB_NAME=bb-$TEST-$$
export BATCHBOX=${BATCHBOX:-$HERE/../../build/batchbox}
failed=0

# `lab exec` without its four programs: most of what a test does.
export LAB_DIR=/tmp/$LAB_NAME
ENTER=$(realpath -m "$(dirname "$BATCHBOX")")/enter
[[ -x $ENTER ]] || make -s -C "$HERE/../.." O="$(dirname "$ENTER")" "$ENTER" || exit 1
lab() {
	if [[ $1 == exec && $2 == -u ]]; then
		"$ENTER" "${@:3}"
	elif [[ $1 == exec ]]; then
		"$ENTER" root "${@:2}"
	else
		"$HERE/lab" "$@"
	fi
}
ctl() { lab exec head "$@"; }
alice() { "$ENTER" -t "${LIMIT:-60}" alice head "$@"; }
bob() { "$ENTER" -t "${LIMIT:-60}" bob head "$@"; }
ok() { echo "ok $TEST: $1"; }
not_ok() { # NAME WHY
	echo "not ok $TEST: $1: $2"
	failed=1
}
# NAME WANTED GOT: equal, or a failure that shows both.
same() {
	if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "wanted [$2], got [$3]"; fi
}
# NAME PATTERN GOT: a glob.
like() {
	# shellcheck disable=SC2053
	if [[ $3 == $2 ]]; then ok "$1"; else not_ok "$1" "wanted something like [$2], got [$3]"; fi
}
# Seconds, without a process.
mkfifo "/tmp/$LAB_NAME.never"
exec {never}<>"/tmp/$LAB_NAME.never"
rm "/tmp/$LAB_NAME.never"
nap() { read -rt "$1" -u "$never" _ || true; }
# Runs CMD until it succeeds, for at most SECONDS; the longer that takes the less often, since asking costs more than what is waited for.
until_true() { # SECONDS CMD...
	local end=$((SECONDS + $1)) pause
	shift
	for pause in 0.05 0.05 0.1 0.15 0.2 0.3; do
		! "$@" || return 0
		nap "$pause"
	done
	until "$@"; do
		((SECONDS < end)) || { echo "# this did not come true in time: $*" >&2; return 1; }
		nap 0.4
	done
}
job_state() { alice squeue -h -t all -j "$1" -o %T 2>/dev/null; }
state_is() { [[ $(job_state "$1") == "$2" ]]; }
wait_state() { until_true "${3:-60}" state_is "$1" "$2"; }
controller_answers() { alice scontrol ping >/dev/null 2>&1; }
lab_needs() {
	local why
	if ! why=$(lab can 2>&1); then
		echo "skip $TEST: $why"
		exit 0
	fi
	trap 'lab down >/dev/null 2>&1' EXIT
}
lab_start() { # WORKERS
	if ! WORKER_COUNT=$1 lab up >"/tmp/$LAB_NAME.up" 2>&1; then
		not_ok "the lab comes up" "$(tail -n 5 "/tmp/$LAB_NAME.up" | tr '\n' ' ')"
		rm -f "/tmp/$LAB_NAME.up"
		exit 1
	fi
	rm -f "/tmp/$LAB_NAME.up"
	# shellcheck disable=SC2034 # for the tests
	home=/tmp/$LAB_NAME/home/alice
}
finish() { exit "$failed"; }
