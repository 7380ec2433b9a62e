#workers: 2
#conf: OverTimeLimit=0;KillWait=1;MinJobAge=300;PartitionName=compute Nodes=ALL Default=YES MaxTime=60
# shellcheck shell=bash disable=SC2154
# Every field of a job that scontrol(1) documents for update: values and mistakes, of a job that waits, of one that runs and of one that has
# ended, by its user and by root. What ours says to help is left out. (job-update.sh has the commonest at more length.)
quiet 'printf "%s\n" "what=\$1 pattern=\$2; shift 2" "for id in \"\$@\"; do { scontrol update jobid=\$id \"\$what\"; echo \"exit \$?\"; } 2>&1 | grep -v \"^scontrol: [^e]\"" "[ -z \"\$pattern\" ] || scontrol show job \$id | grep -oE \"\$pattern\"; done" >/home/alice/try; chmod 755 /home/alice /home/alice/try'
sub run -J run -t 10 -N1 -o /dev/null --wrap "'exec sleep 300'"
sub wait -J wait -t 10 -b now+1hour -o /dev/null --wrap true
sub over -J over -o /dev/null --wrap true
state "$run" R
state "$over" CD
t() { # WHAT PATTERN
	c "sh /home/alice/try '$1' '$2' $wait $run"
	r "sh /home/alice/try '$1' '$2' $wait"
}
for what in yes maybe no 1 0; do t "contiguous=$what" 'Contiguous=.'; done
for what in now+2hours 2001-01-01 garbage ''; do t "deadline=$what" ' Deadline=.*'; done
for what in 5 1:00 x -1 ''; do t "delayboot=$what" 'DelayBoot=[^ ]*'; done
for what in switches=1 switches=2@5 switches=3@5:00 switches=x switches=2@x switches=0 wait-for-switch=30 switches=4 wait-for-switch=x wait-for-switch=99999999 switches=; do t "$what" 'Switches=.*'; done
for what in 5 20 x infinite 1:30 0 ''; do t "timemin=$what" 'TimeMin=[^ ]*'; done
for what in matlab matlab:2; do t "licenses=$what" 'Licenses=[^ ]*'; done
for what in reservationname=res reservationname= burstbuffer=pool burstbuffer= clusters=x clusterfeatures=x 'prefer=fast' prefer= qos=high qos= gres=gpu:1 gres=help; do t "$what" ' *TRES=.*'; done
for what in corespec=1 corespec=x corespec=-1 threadspec=1 threadspec=x; do t "$what" 'CoreSpec=[^ ]*'; done
for what in mailtype=bogus mailtype= mailtype=none mailuser=bob mailuser=; do t "$what" 'Mail.*'; done
for what in no maybe; do t "reboot=$what" 'Reboot=.'; done
for what in 5 x 99999999999 -99999999999 ''; do t "sitefactor=$what" ' *UserId.*'; done
for what in account= wckey=x; do t "$what" 'Account=[^ ]*'; done
for what in x 2 1; do t "cpuspertask=$what" 'CPUs/Task=[^ ]*'; done
for what in dependency=bogus dependency= eligibletime=x starttime= starttime=now+2hours; do t "$what" 'Dependency=.*'; done
for what in excnodelist=nosuch excnodelist=worker-2 excnodelist= reqnodelist=nosuch nodelist=worker-2 nodelist=; do t "$what" '(Req|Exc|)NodeList=[^ ]*'; done
for what in 'features=a&b' features=; do t "$what" ' *Features=[^ ]*'; done
for what in mincpusnode=1 mincpusnode=x minmemorycpu=1G minmemorycpu=x minmemorynode=500 minmemorynode=1G minmemorynode=0 mintmpdisknode=1 mintmpdisknode=x mintmpdisknode=0; do t "$what" 'Min[MT][^ ]*'; done
t mincpusnode=9 ''
quiet "scontrol update jobid=$wait mincpusnode=1"
for what in name= name=x; do t "$what" 'JobName=.*'; done
for what in 99999999999 -99999999999 0 ''; do t "nice=$what" 'Nice=[^ ]*'; done
for what in numcpus=x numcpus=0 numnodes=0 numnodes=2-1 numtasks=0 numtasks=x; do t "$what" ''; done
for what in x yes no; do t "oversubscribe=$what" 'OverSubscribe=[^ ]*'; done
for what in partition= priority=x reqcores=x reqsockets=x reqthreads=x requeue=x requeue=0 requeue=1 resetaccruetime resetaccruetime=x tasksPerNode=x tasksPerNode=2 stderr=x stdin=x nosuch=x; do
	t "$what" 'Requeue=.|NtasksPerN[^ ]*'
done
for what in contiguous=no deadline=now+2hours delayboot=5 switches=1 timemin=5 licenses=x reservationname=x clusters=x corespec=1 gres=gpu:1 mailuser=bob prefer=fast qos=x sitefactor=5 reboot=no name=x comment=x nice=5; do
	c "sh /home/alice/try '$what' '' $over"
done
b "sh /home/alice/try contiguous=no '' $wait $run $over"
differs "it is set; the real one forgets it"
c "sh /home/alice/try account=lab 'Account=[^ ]*' $wait"
differs "a text that was cleared is not there"
c "sh /home/alice/try licenses= 'Licenses=[^ ]*' $wait"
c "sh /home/alice/try mailtype=END 'Mail.*' $wait"
differs "nodes are not booted for jobs"
r "sh /home/alice/try reboot=yes 'Reboot=.' $wait"
differs "what is no number is refused, not taken for 0"
c "sh /home/alice/try nice=x 'Nice=[^ ]*' $wait"
for what in 'endtime=x' 'numnodes=x'; do
	differs "what can't be read is a mistake for the exit code, too"
	c "sh /home/alice/try $what '' $wait"
done
clear_
