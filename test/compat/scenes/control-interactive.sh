#workers: 1
# shellcheck shell=bash disable=SC2154,SC2016
# scontrol without a verb: lines from standard input, what they change for the next ones, and the exit code.
say() { c "printf '$1' | scontrol ${2-}"; } # LINES OPTIONS
sub wait -J wait -H -o /dev/null --wrap true
say ''
say 'quit\n'
say 'exit\n'
say 'quit'
say '\n\nquit\n'
say 'QUIT\n'
say 'q\n'
say 'qu\nqui\nex\nversionx\n'
say 'quit now\nping\n'
say 'exit x\nping\n'
say 'bogus\nquit\n'
say 'bogus\n'
say 'bogus\nping\n'
say 'ping\n'
say '  ping  \n   ping\n'
say 'ping # comment\n'
say '# comment\nping\n'
say 'ping;ping\n'
say '!!\n'
say 'ping\n!!\n!!\nquit\n'
say 'bogus\n!!\nquit\n'
say 'ping\n\n!!\nquit\n'
say 'ping\n!! x\nquit\n'
say '!\n!p\n!ping\n'
say 'show job 4999\nquit\n'
say 'show job 4999\nping\nquit\n'
say 'update jobid=4999 comment=x\nping\n'
c "printf 'update jobid=$wait comment=\"two words\"\nshow job $wait\n' | scontrol | grep -E 'Comment|scontrol'"
c "printf \"update jobid=$wait comment='three more words'\nshow job $wait\n\" | scontrol | grep -E 'Comment|scontrol'"
c "printf 'update jobid=$wait comment=a\\\\ b\nshow job $wait\n' | scontrol 2>&1 | grep -vE '^ '"
c "printf 'update jobid=$wait comment=\"open\nquit\n' | scontrol"
c "printf 'update jobid $wait comment=k\nquit\n' | scontrol"
for toggle in oneliner all hide details quiet verbose; do
	[[ $toggle != verbose ]] || differs "when the records were changed is said"
	c "printf '$toggle\nshow job $wait\nshow job 4999\nquit\n' | scontrol 2>&1 | cut -c1-60 | grep -vE '^ |^\$'"
	c "printf '$toggle x\nshow job 4999\nquit\n' | scontrol 2>&1 | cut -c1-60"
done
c "printf 'oneliner\nshow node\n' | scontrol | wc -l"
c "printf 'oneliner\noneliner\nshow node\n' | scontrol | wc -l"
c "printf 'quiet\nshow job 4999\nupdate jobid=4999 comment=x\nbogus\nping x\nhold 4999\nverbose\nshow job 4999\n' | scontrol"
c "printf 'verbose\nquiet\nping\nquit\n' | scontrol -v"
for option in -o -a -Q -d -v --hide --oneliner --quiet --all; do
	c "printf 'show job 4999\nshow partition\nquit\n' | scontrol $option"
done
say 'help x\nquit\n' "2>&1 >/dev/null"
say 'version\nversion x\nquit\n' "| sed s/slurm-wlm/slurm/"
say 'errnumstr 2017\nerrnumstr\nquit\n'
say 'show\nupdate\ncreate\ndelete\nhold\nrelease\nquit\n'
say 'completing\nerrnumstr 2017\nping\n'
say 'show hostnames a[1-3]\nquit\n'
differs "what failed has an exit code that says so"
say 'write batch_script 4999 -\nquit\n'
c "yes ping | head -2 | scontrol"
c "scontrol </dev/null; echo \$?"
c "scontrol <&-; echo \$?"
c "scontrol -Q </dev/null; echo \$?"
differs "it goes on behind a line of too many words, and has an exit code"
c "{ printf 'ping '; yes x | head -200 | tr '\n' ' '; echo; echo ping; } | scontrol 2>&1 | cut -c1-80"
c "printf 'ping\nquit\nping\n' | { scontrol; cat; }"
r "printf 'setdebug info\nsetdebug bogus\nreconfigure x\nquit\n' | scontrol"
clear_
