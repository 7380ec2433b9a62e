#cpus: 4
#part: held
# shellcheck shell=bash
# The same: G to Z.
printf 'worker-1\nworker-2\n' >/home/alice/nodes.txt
printf 'worker-[1-2],worker-3\n# x\n' >/home/alice/nodes2.txt
: >/home/alice/empty.txt
printf 'nosuch\n' >/home/alice/bad.txt
held --no-kill
held --no-kill=off
held --no-kill=x
held '-L a:1'
held '-L a'
held '-L a@b:1'
held '-L '"'"''"'"''
held '-L x:y'
held '-L '"'"'a;b'"'"''
held --mail-type=NONE
held --mail-type=BEGIN
held --mail-type=wrong
held --mail-type=
held --mail-type=none,end
held --mail-user=bob
held --mail-user=
held --mcs-label=x
held --mcs-label=
held --mem=100
held --mem=1G
held --mem=100M
held --mem=200MB
held --mem=100K
held --mem=1025K
held --mem=1T
held --mem=1t
held --mem=1.5G
held --mem=x
held --mem=0
held --mem=-1
held --mem=
held --mem=100X
held '--mem=100 --mem-per-cpu=10'
held --mem=1gb
held --mem=1GiB
held '--mem=1 g'
held --mem=99999999999999999999
held --mem=1P
held --mem=1KB
held --mem=1K
held --mem-per-cpu=10
held --mem-per-cpu=x
held --mem-per-cpu=0
held --mem-per-cpu=1G
held '--mem-per-cpu=100 -n2'
held --mem-bind=local
held --mem-bind=none
held --mem-bind=rank
held --mem-bind=map_mem:0
held --mem-bind=mask_mem:1
held --mem-bind=quiet,local
held --mem-bind=v,prefer,local
held --mem-bind=wrong
held --mem-bind=help
held --mem-bind=sort,nosort
held --mincpus=2
held --mincpus=0
held --mincpus=x
held --mincpus=9
held --network=x
held --network=
held --nice
held --nice=10
held --nice=-5
held --nice=x
held --nice=
held --nice=99999999999
held --nice=2147483645
held --nice=2147483646
held --nice=-2147483646
held --requeue
held --no-requeue
held '-F nodes.txt'
held '-F /nosuch'
held '-F empty.txt'
held '-F nodes2.txt'
held '-F bad.txt'
held '-w worker-1'
held '-w worker-[1-2]'
held '-w nosuch'
held '-w /home/alice/nodes.txt'
held '-w ./nodes.txt'
held '-w worker-[1-2] -N1'
held '-w worker-1 -N2'
held '-w worker-1,worker-1'
held '-w worker-3,worker-1'
held '-N 1'
held '-N 2'
held '-N 1-2'
held '-N 2-1'
held '-N x'
held '-N 1k'
held '-N 1-x'
held '-N 1-'
held '-N 1-1k'
held '-N 1,2'
held '-N '"'"''"'"''
held '-N 1.5'
held '-N 3-2'
held '-N 4'
held '-N 1-1'
held '-N '"'"'1 '"'"''
held '-N 1-2-3'
held '-N 1m'
held '-n 1'
held '-n 2'
held '-n 0'
held '-n x'
held '-n -1'
held '-n 1k'
held '-n 5 -N3'
held '-n 2 -N3'
differs 'the real one takes it modulo 2^32'
held '-n 99999999999'
held '-n '"'"''"'"''
held --open-mode=append
held --open-mode=truncate
held --open-mode=a
held --open-mode=t
held --open-mode=x
held --open-mode=
held -O
held '-p compute'
held '-p compute,compute'
held '-p nosuch'
held '-p '"'"''"'"''
held '-p nosuch,compute'
held --parsable
held --power=level
held --power=x
held --power=
held --prefer=a
held --priority=5
held --priority=TOP
held --priority=x
held --priority=-1
held --priority=0
held --profile=none
held --profile=all
held --profile=task
held --profile=task,energy
held --profile=wrong
held --profile=
held --propagate
held --propagate=NONE
held --propagate=CPU,STACK
held --propagate=wrong
held --propagate=
held --reboot
held --reservation=x
held --reservation=
held --signal=USR1@10
held --signal=0
held --signal=FOO
held --signal=USR1@x
held --signal=USR1@70000
held --signal=@5
held --signal=
held --signal=B:
held --signal=X:TERM@5
held --signal=USR1@-1
held --spread-job
held --use-min-nodes
held '--use-min-nodes -N1-2'
held '--spread-job -N2'
held --switches=1
held --switches=1@10
held --switches=x
held --switches=1@x
held --switches=0
held --switches=2@1:00:00
held --switches=@5
held --switches=
held '-t 5'
held '-t 5:30'
held '-t 0:3:0'
held '-t 1-2'
held '-t 1-2:3'
held '-t 1-2:3:4'
held '-t UNLIMITED'
held '-t infinite'
held '-t unlimited'
held '-t -1'
held '-t 0'
held '-t x'
held '-t '"'"''"'"''
held '-t 1:'
held '-t 1:2:3:4'
held '-t 1-'
held '-t 1-2:3:4:5'
held '-t 90'
held '-t 1:60'
held '-t 0:30'
held '-t 0-0:0:1'
held '-t 1.5'
held '-t '"'"' 5'"'"''
held '-t '"'"'5 '"'"''
held '-t 5m'
held '-t 24:00:00'
held '-t 1-24'
held '-t 365-0'
held '-t 0-1'
held '-t INFINITE'
held '-t 59:59'
held '-t 60:00'
held '-t 1-1-1'
held '-t :5'
held '-t 5::'
held '-t partition'
held --time-min=5
held --time-min=x
held '--time-min=10 -t 5'
held '--time-min=5 -t 10'
held --time-min=0
held --time-min=
held --time-min=UNLIMITED
held --tmp=1
held --tmp=1G
held --tmp=x
held --tmp=0
held --tmp=1K
held --tmp=-1
held --tmp=100M
held --wait-all-nodes=0
held --wait-all-nodes=1
held --wait-all-nodes=2
held --wait-all-nodes=x
held --version-x
held --x11
held --pty
held --jobid=5
held --label
held -l
held -u
held -Z
held -K
held -I
held --immediate
held --bell
held --no-shell
held --multi-prog
held --h
held --ver
held --nod=1
held --node=1
held --nodes=1
held --n=1
held --ntasks-per
held --ex
held --exc
held --cpus
held --cpus-per-t=1
held --me=1
held --mem-=1
held --q=x
held --part=compute
held --jo=x
held --ti=5
held --time
held -t
differs "a word that is no number is shown as it was written; the real one drops its first dash"
held -N
held -n
held --ntasks
held -zz
held --zz
held --
held '- x'
held '--nodes 2'
held '--exclusive user'
clear_
