#live: what the machine has is printed
# shellcheck shell=bash
#workers: 1
# The daemons' options, and mistakes with them.
# Without the help text, and without what is wrong with an option of slurmctld, which the real one doesn't say.
short() { r "$1 2>&1 | sed '/^slurmctld: .*option/d; 0,/^Usage/!d; s/^slurm-wlm/slurm/'; exit \${PIPESTATUS[0]}"; }
as_alice() { c "PATH=\$PATH:/usr/sbin; $1 2>&1 | sed '0,/^Usage/!d; s/^slurm-wlm/slurm/; s/^UpTime=.*/UpTime=T/'; exit \${PIPESTATUS[0]}"; }
once="said at once, with the file's name; the real one tries for a minute"
words="the same found, in words of our own: each with file and line"
for daemon in slurmctld slurmd; do
	[[ $daemon != slurmd ]] || differs "--emulate is ours; a slurmstepd to name by -d there isn't"
	r "$daemon -h"
	as_alice "$daemon -h"
	as_alice "$daemon -V"
	for option in -V -DV -vvvV "-V word" -hQ; do short "$daemon $option"; done
	for option in --help --version; do
		[[ $daemon$option == slurmd--version ]] || differs "ours has this option"
		short "$daemon $option"
	done
	for option in -Q -f -L -n --bogus --usage; do
		differs "chance: whether it still writes when sed has read enough"
		short "$daemon $option"
	done
	differs "$once"
	CAP_T=3 r "$daemon -f /nonexistent/slurm.conf"
	differs "$once"
	CAP_T=3 r "SLURM_CONF=/nonexistent $daemon -D"
	differs "$words"
	r "$daemon -D -f /etc"
	differs "$words"
	r "$daemon -D -f /etc/hosts"
	differs "$words"
	r "SLURM_CONF=/etc/hosts $daemon -D"
done
as_alice "slurmd -C"
for options in '' '-N other' '-f /nonexistent' '-D' '-vvv' '-C'; do
	r "slurmd -C $options | sed s/UpTime=.*/UpTime=T/"
done
for options in '-D' '-n x' '-n 99 -D' '-n -21' '-n 1.5' '-G'; do r "slurmd $options"; done
for option in -N -d --conf --conf-server; do short "slurmd $option"; done
r "slurmd -G -N worker-1"
differs "ours says which node it doesn't know, and where"
r "slurmd -G -N nosuch"
differs "ours says which node it doesn't know, and where"
r "slurmd -N nosuch -D"
differs "there is no slurmstepd; the option is refused by name"
r "slurmd -d /nonexistent/slurmstepd -D"
differs "a word that means nothing is refused, not passed over"
r "slurmd word"
differs "--conf without -Z is refused, not passed over"
r "slurmd --conf Weight=3 -D"
r "slurmd -Z --conf NodeName=x -D"
differs "the same, said once"
r "slurmd -Z --conf Bogus=1 -D"
