# shellcheck shell=bash
# hosts.sh: hosts on one machine. Sourced by `lab`; every name here begins with host_, but for a few helpers.
#
# What a host has of its own: network (eth0 and lo), hostname, process ids, IPC, /proc, boot id, cgroups, /run, /tmp,
# /dev/shm, and an overlay over each of /etc, /var and /usr/local: what it writes there only it sees. What all hosts
# share: /home, a directory of the lab, and the rest of the machine's files.
# The network is a bridge in a namespace of its own: the machine gets no interface, address or route, and no packet
# can leave the lab.
#
# Files, all below $LAB_DIR: home/, etc-hosts, groups (cgroup hierarchies), and for each host hosts/NAME/{pid, console,
# disk/, cut, cut.PEER}. `pid` holds the process id of the host's init and its start time, so that a process id that is
# used again is not taken for the host.

HOST_USERS='alice:20001 bob:20002 slurm:64030'
HOST_OVERLAYS='/etc /var /usr/local'
HOST_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CGROUP=/sys/fs/cgroup

die() { # STATUS TEXT
	echo "lab: $2" >&2
	exit "$1"
}

# Starting a program costs milliseconds and there are many hosts: what bash can do itself is done without one. Functions
# that give a value leave it in REPLY.

start_time() { # PID: REPLY is the process's start time, the 20th word behind the name in brackets
	local stat words
	REPLY=
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	read -ra words <<<"${stat##*) }"
	REPLY=${words[19]}
}

host_pid() { # HOST: REPLY is the process id of its init, if it is up
	local pid start
	REPLY=
	{ read -r pid start <"$LAB_DIR/hosts/$1/pid"; } 2>/dev/null || return 1
	start_time "$pid" || return 1
	[[ $REPLY == "$start" ]] || pid=
	REPLY=$pid
	[[ -n $pid ]]
}
host_need() { # HOST
	[[ -d $LAB_DIR ]] || die 1 "no lab is up in $LAB_DIR"
	host_pid "$1" || die 1 "there is no host $1, or it is down"
}

host_address() { # HOST: REPLY
	case $1 in
		head) REPLY=10.77.0.1 ;;
		*) REPLY=10.77.0.$((10 + ${1#worker-})) ;;
	esac
}

host_names() { # every host of this lab, head first, then by number
	local i
	[[ ! -d $LAB_DIR/hosts/head ]] || echo head
	for ((i = 1; i <= 240; i++)); do
		[[ ! -d $LAB_DIR/hosts/worker-$i ]] || echo "worker-$i"
	done
}

# ---- cgroups -------------------------------------------------------------------------------------------------

# The hierarchies of which each host gets a part, and the directory below which these parts lie: below the group of the
# caller, so that processes stay below what manages them. `memory` is not among them: watchers of the machine's memory
# must not be misled; LAB_MEMORY=1 adds it. What isn't listed, hosts can read and not change. `.` is a tree of version 2 alone.
group_find() { # lines "HIERARCHY DIRECTORY"
	local hierarchy line names own
	for hierarchy in . cpu cpuacct cpuset devices freezer pids blkio unified ${LAB_MEMORY:+memory}; do
		[[ -e $CGROUP/$hierarchy/cgroup.procs ]] || continue
		own=
		while IFS= read -r line; do # NUMBER:NAME,NAME:PATH; version 2 has no names
			names=${line#*:} names=,${names%%:*},
			case $hierarchy in
				. | unified) [[ $line != 0::* ]] || own=${line#0::} ;;
				*) [[ $names != *",$hierarchy,"* ]] || own=${line#*:*:} ;;
			esac
		done </proc/self/cgroup
		own=${own%/}
		[[ ! -d $CGROUP/$hierarchy$own ]] || echo "$hierarchy $CGROUP/$hierarchy$own/$LAB_NAME.lab"
	done
}

group_make() { # HOST...
	local hierarchy parent host word value groups=()
	while read -r hierarchy parent; do
		for host; do groups+=("$parent/$host"); done
	done <"$LAB_DIR/groups"
	((${#groups[@]})) || return 0
	mkdir -p "${groups[@]}"
	while read -r hierarchy parent; do
		if [[ $hierarchy == cpuset ]]; then
			for word in cpus mems; do
				read -r value <"$parent/../cpuset.$word"
				echo "$value" >"$parent/cpuset.$word"
				for host; do echo "$value" >"$parent/$host/cpuset.$word"; done
			done
		elif [[ -e $parent/cgroup.controllers ]]; then
			for word in $(<"$parent/../cgroup.controllers"); do
				echo "+$word" >"$parent/../cgroup.subtree_control" || true
				echo "+$word" >"$parent/cgroup.subtree_control" || true
			done 2>/dev/null
		fi
	done <"$LAB_DIR/groups"
}

group_enter() { # HOST: this very process
	local hierarchy parent
	[[ -e $LAB_DIR/groups ]] || return 0
	while read -r hierarchy parent; do
		[[ ! -d $parent/$1 ]] || echo "$BASHPID" >"$parent/$1/cgroup.procs" || true
	done 2>/dev/null <"$LAB_DIR/groups"
}

group_remove() {
	local hierarchy parent try
	[[ -e $LAB_DIR/groups ]] || return 0
	while read -r hierarchy parent; do
		# A process that was just killed leaves its group a moment later.
		for try in 1 2 3 4 5 6 7 8 9 10; do
			[[ -d $parent ]] || break
			find "$parent" -depth -type d -exec rmdir {} + 2>/dev/null || sleep "0.$try"
		done
	done <"$LAB_DIR/groups"
}

# ---- inside a host, as its process 1 -------------------------------------------------------------------------

host_init() { # HOST
	local host=$1 disk=$LAB_DIR/hosts/$1/disk dir flat user uid hierarchy parent ready stat own=' ' table=''
	# /proc is still the machine's: it tells by which process id the machine knows this process.
	read -r stat </proc/self/stat
	stat=${stat%% *}
	start_time "$stat"
	stat+=" $REPLY"
	exec {ready}>"$LAB_DIR/hosts/$host/pid.new"
	echo "$host" >/proc/sys/kernel/hostname

	# One mount(8) for all of it. The order matters: what hides another's source comes last.
	while read -r hierarchy parent; do
		dir=$CGROUP/$hierarchy
		[[ $hierarchy != . ]] || dir=$CGROUP
		own+="$dir "
		table+="$parent/$host $dir none bind 0 0"$'\n'
	done <"$LAB_DIR/groups"
	for dir in "$CGROUP"/*/; do
		dir=${dir%/}
		[[ -e $dir/cgroup.procs && ! -L $dir && $own != *" $CGROUP "* && $own != *" $dir "* ]] || continue
		table+="$dir $dir none bind,ro 0 0"$'\n'
	done
	[[ -z ${LAB_REAL:-} ]] || table+="lab-$host /usr overlay ro,lowerdir=$LAB_REAL/usr:/usr 0 0"$'\n'
	for dir in $HOST_OVERLAYS; do
		flat=$disk/${dir//\//_}
		table+="lab-$host $dir overlay lowerdir=$dir,upperdir=$flat/upper,workdir=$flat/work 0 0"$'\n'
	done
	table+="$LAB_DIR/home /home none bind 0 0
		lab-$host /run tmpfs mode=755 0 0
		lab-$host /dev/shm tmpfs mode=1777 0 0
		$disk/tmp /tmp none bind 0 0"
	printf '%s\n' "$table" >"$disk/fstab"
	read -r boot_id </proc/sys/kernel/random/uuid
	exec 8<"$LAB_DIR"
	mount --all --fstab "$disk/fstab"
	mount -t proc proc /proc
	cat /proc/self/fd/8/etc-hosts >/etc/hosts
	echo "$boot_id" >/run/boot_id
	chmod 1777 /tmp
	mount --bind /run/boot_id /proc/sys/kernel/random/boot_id

	echo "$host" >/etc/hostname
	# No name server can be reached from here; without this a name that doesn't exist takes seconds to fail.
	[[ ! -L /etc/resolv.conf ]] || rm /etc/resolv.conf
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >/etc/resolv.conf
	for user in $HOST_USERS; do
		uid=${user#*:} user=${user%%:*}
		[[ $'\n'$(</etc/passwd) == *$'\n'"$user:"* ]] || echo "$user:x:$uid:$uid::/home/$user:/bin/bash" >>/etc/passwd
		[[ $'\n'$(</etc/group) == *$'\n'"$user:"* ]] || echo "$user:x:$uid:" >>/etc/group
	done
	host_prepare /proc/self/fd/8/stage
	exec 8<&-
	host_ready "$ready" "$stat"
}

# Says that all is set, then becomes the quietest process 1 there is: while it ignores SIGCHLD, the kernel buries orphans.
host_ready() { # FD LINE
	echo "$2" >&"$1"
	cd / || exit
	eval "exec $1>&-"
	exec env --ignore-signal=CHLD sleep infinity
}

switch_init() {
	local stat ready
	read -r stat </proc/self/stat
	stat=${stat%% *}
	start_time "$stat"
	exec {ready}>"$LAB_DIR/hosts/switch/pid.new"
	printf '%s\n' 'link add br0 type bridge forward_delay 0 stp_state 0' 'link set br0 up' | ip -batch -
	host_ready "$ready" "$stat $REPLY"
}

# ---- outside -------------------------------------------------------------------------------------------------

host_start() { # NAME ROLE NAMESPACE-FLAG...
	local name=$1 role=$2
	shift 2
	rm -f "$LAB_DIR/hosts/$name/pid" "$LAB_DIR/hosts/$name/pid.new"
	(
		group_enter "$name"
		exec setsid unshare --fork --kill-child=KILL "$@" -- "$LAB_SELF" "__$role" "$name" \
			</dev/null >>"$LAB_DIR/hosts/$name/console" 2>&1 9>&-
	) &
	HOST_STARTER[$name]=$!
}
declare -A HOST_STARTER=()

host_started() { # NAME: waits for what host_start began
	local try
	for ((try = 0; try < 3000; try++)); do
		if [[ -s $LAB_DIR/hosts/$1/pid.new ]]; then
			mv "$LAB_DIR/hosts/$1/pid.new" "$LAB_DIR/hosts/$1/pid"
			return
		fi
		kill -0 "${HOST_STARTER[$1]}" 2>/dev/null || break
		sleep 0.02
	done
	cat "$LAB_DIR/hosts/$1/console" >&2
	die 1 "$1 did not start"
}

# Overlays can't lie on an overlay (a container's root): then the lab lies in memory.
host_directory() {
	local user
	mkdir -p "$LAB_DIR/hosts/switch"
	if [[ $(stat -f -c %T "$LAB_DIR") == overlayfs ]]; then
		mount -t tmpfs -o mode=755 lab "$LAB_DIR"
		mkdir -p "$LAB_DIR/hosts/switch"
	fi
	for user in $HOST_USERS; do
		install -d -m 755 -o "${user#*:}" -g "${user#*:}" "$LAB_DIR/home/${user%%:*}"
	done
	group_find >"$LAB_DIR/groups"
	host_start switch switch --net --pid
	host_started switch
}

host_boot() { # HOST...: those that are not up
	local host switch dir made=() dirs=() ports='' cut mac
	for host; do host_pid "$host" || made+=("$host"); done
	((${#made[@]})) || return 0
	group_make "${made[@]}"
	for host in "${made[@]}"; do
		dirs+=("$LAB_DIR/hosts/$host/disk/tmp")
		for dir in $HOST_OVERLAYS; do dirs+=("$LAB_DIR/hosts/$host/disk/${dir//\//_}"/{upper,work}); done
	done
	mkdir -p "${dirs[@]}"
	for host in "${made[@]}"; do host_start "$host" host --mount --uts --ipc --net --pid --cgroup; done
	for host in "${made[@]}"; do host_started "$host"; done
	host_need switch
	switch=$REPLY
	for host in "${made[@]}"; do
		host_pid "$host"
		# The port of a host that crashed a moment ago can outlive it for a while.
		ports="link del p-$host"$'\n'$ports
		ports+="link add p-$host type veth peer name eth0 netns $REPLY"$'\n'"link set p-$host master br0 up"$'\n'
	done
	nsenter -t "$switch" -n ip -force -batch - <<<"$ports" 2>/dev/null || true
	for host in "${made[@]}"; do
		host_pid "$host"
		switch=$REPLY
		host_address "$host"
		# A host's card is the same after a boot; others would look for the old one for a while.
		printf -v mac '02:00:0a:4d:00:%02x' "${REPLY##*.}"
		printf '%s\n' 'link set lo up' "link set eth0 address $mac" "address add $REPLY/24 dev eth0" 'link set eth0 up' |
			nsenter -t "$switch" -n ip -batch -
		for cut in "$LAB_DIR/hosts/$host"/cut "$LAB_DIR/hosts/$host"/cut.*; do
			[[ ! -e $cut ]] || host_drop "$host" "${cut#"$LAB_DIR/hosts/$host/cut"}"
		done
	done
}

host_crash() { # NAME...: kills their inits, and with them every process of theirs
	local name try
	for name; do
		! host_pid "$name" || kill -KILL "$REPLY" 2>/dev/null || true
	done
	for name; do
		for ((try = 0; try < 1000; try++)); do
			host_pid "$name" || break
			sleep 0.02
		done
		rm -f "$LAB_DIR/hosts/$name/pid"
	done
}

# A cut says nothing to either end: the bridge's port stops forwarding, or, for one peer, frames go to a hardware address
# that nobody has.
host_drop() { # HOST .PEER|''
	if [[ -z $2 ]]; then
		host_need switch
		nsenter -t "$REPLY" -n bridge link set dev "p-$1" state 0
	else
		host_neighbour "$1" "${2#.}" replace lladdr 02:00:00:00:00:01 nud permanent
	fi
}
host_undrop() { # HOST .PEER|''
	if [[ -z $2 ]]; then
		host_need switch
		nsenter -t "$REPLY" -n bridge link set dev "p-$1" state 3
	else
		host_neighbour "$1" "${2#.}" del 2>/dev/null || true
	fi
}
host_neighbour() { # HOST PEER VERB ARGUMENT...
	local host=$1 verb=$3 peer
	host_address "$2"
	peer=$REPLY
	shift 3
	host_need "$host"
	nsenter -t "$REPLY" -n ip neighbour "$verb" "$peer" dev eth0 "$@"
}

host_cut() { # HOST [PEER]
	host_need "$1"
	if [[ -n ${2:-} ]]; then
		host_need "$2"
		host_drop "$1" ".$2"
		host_drop "$2" ".$1"
		: >"$LAB_DIR/hosts/$1/cut.$2"
		: >"$LAB_DIR/hosts/$2/cut.$1"
	else
		host_drop "$1" ''
		: >"$LAB_DIR/hosts/$1/cut"
	fi
}

host_heal() { # HOST [PEER]: without PEER, every cut of HOST
	local cut peer
	host_need "$1"
	for cut in "$LAB_DIR/hosts/$1"/cut.${2:-*}; do
		[[ -e $cut ]] || continue
		peer=${cut##*/cut.}
		rm -f "$cut" "$LAB_DIR/hosts/$peer/cut.$1"
		host_undrop "$1" ".$peer"
		! host_pid "$peer" || host_undrop "$peer" ".$1"
	done
	if [[ -z ${2:-} ]]; then
		rm -f "$LAB_DIR/hosts/$1/cut"
		host_undrop "$1" ''
	fi
}

host_list() { # lines: host, address, process id of its init, state
	local host pid state cut
	for host in $(host_names); do
		state=up
		host_pid "$host" || { REPLY=- state=down; }
		pid=$REPLY
		for cut in "$LAB_DIR/hosts/$host"/cut "$LAB_DIR/hosts/$host"/cut.*; do
			[[ ! -e $cut ]] || state+=",${cut##*/}"
		done
		host_address "$host"
		echo "$host $REPLY $pid $state"
	done
}

# Becomes CMD on HOST, with the environment that a login there would have.
host_exec() { # USER HOST CMD...
	local user=$1 host=$2 home=/root directory=/home flags
	shift 2
	host_need "$host"
	flags=(-t "$REPLY" -m -u -i -n -p -C --wd=/)
	group_enter "$host"
	if [[ $user != root ]]; then
		home=/home/$user directory=/home/$user
		flags+=(-- setpriv --reuid "$user" --regid "$user" --init-groups)
	fi
	exec nsenter "${flags[@]}" -- env -i -C "$directory" "HOME=$home" "USER=$user" "LOGNAME=$user" SHELL=/bin/bash \
		LANG=C.UTF-8 "TERM=${TERM:-dumb}" "PATH=$HOST_PATH" "$@"
}

# Ends every host and removes every trace of the lab.
host_down() {
	local names=() dir
	for dir in "$LAB_DIR"/hosts/*/; do names+=("$(basename "$dir")"); done
	host_crash "${names[@]}"
	group_remove
	# The kernel lets go of a dead host's mounts a moment after its last process.
	if mountpoint -q "$LAB_DIR" 2>/dev/null; then umount "$LAB_DIR" 2>/dev/null || umount -l "$LAB_DIR"; fi
	rm -rf --one-file-system -- "$LAB_DIR"
}
