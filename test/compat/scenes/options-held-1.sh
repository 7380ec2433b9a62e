#cpus: 4
#part: held
# shellcheck shell=bash
# What sbatch makes of each option's values and of mistakes in them: what the job shows of it, or what is said. A to F.
printf 'worker-1\nworker-2\n' >/home/alice/nodes.txt
printf 'worker-[1-2],worker-3\n# x\n' >/home/alice/nodes2.txt
: >/home/alice/empty.txt
printf 'nosuch\n' >/home/alice/bad.txt
held ''
held '-A lab'
held --account=
held '-q normal'
held --qos=
held --wckey=key
held --wckey=
held '--comment='"'"'a b'"'"''
held --comment=
held '-J '"'"'a b'"'"''
held '-J '"'"''"'"''
held --acctg-freq=task=10
held --acctg-freq=10
held --acctg-freq=wrong
held --acctg-freq=task=x
held --acctg-freq=task=10,energy=5
held --acctg-freq=foo=5
held --acctg-freq=task=0
held --acctg-freq=
held --array=1-3
held --array=1,3,5%2
held --array=
held --array=1-3:0
held --batch=foo
held '-C a --batch=a'
held '--bb='"'"'#BB x'"'"''
held --bbf=/etc/hostname
held --bbf=/nosuch
held '-b now+1hour'
held '-b 2030-01-02'
held '-b 2030-01-02T03:04:05'
held '-b 010230'
held '-b 01/02/30'
held '-b 01/02'
held '-b 16:00'
held '-b noon'
held '-b fika'
held '-b teatime'
held '-b midnight'
held '-b tomorrow'
held '-b today'
held '-b now'
held '-b now+x'
held '-b 25:00'
held '-b 12:60'
held '-b 13/01/30'
held '-b 2030-13-01'
held '-b 2030-02-30'
held '-b '"'"''"'"''
held '-b '"'"'4:30 pm'"'"''
held '-b 4:30pm'
held '-b 16:30:10'
held '-b now+5minutes'
held '-b now+2weeks'
held '-b now-5'
held '-b 2001-01-01'
held '-b '"'"'now + 1 hour'"'"''
held '-b elevenses'
held '-b monday'
held '-b 2030-01-02T03'
held '-b 2030-01-02T03:04:05.5'
held '-b 2030-01-02-03:04'
held '-b 01/02/30-03:04'
held '-b 01.02.30'
held '-b 02.01.2030'
held '-b '"'"'tomorrow 10:00'"'"''
held '-b uptime'
held '-b now+1day'
held '-b 0102'
held '-b 2030-1-2'
held '-D /tmp'
held '-D nosuch'
held '-D /nosuch'
held --cluster-constraint=a
held '--cluster-constraint=!a'
held --cluster-constraint=
held '-M none'
held '-M lab-cluster'
held '-M all'
held '-M '"'"''"'"''
held --clusters=x
held '-C nosuch'
held '-C '"'"''"'"''
differs 'containers are refused; the real one starts the job without one where there is no oci.conf'
held --container=/tmp
held --contiguous
held --contiguous=1
held '-S 1'
held '-S 0'
held '-S x'
held '-S -1'
held --thread-spec=1
held --thread-spec=x
held --thread-spec=0
held '-S 1 --thread-spec=1'
held --cores-per-socket=1
held --cores-per-socket=2-3
held --cores-per-socket=x
held --cores-per-socket=0
held '--cores-per-socket='"'"'*'"'"''
held --cores-per-socket=
held --cores-per-socket=99
held --sockets-per-node=1
held --sockets-per-node=2-4
held --sockets-per-node=x
held --sockets-per-node=0
held '--sockets-per-node='"'"'*'"'"''
held --sockets-per-node=99
held --threads-per-core=1
held --threads-per-core=2
held --threads-per-core=x
held --threads-per-core=0
held '--threads-per-core='"'"'*'"'"''
held --threads-per-core=1-2
held '-B 1'
held '-B 1:1'
held '-B 1:1:1'
held '-B '"'"'*'"'"''
held '-B '"'"'*:*:*'"'"''
held '-B x'
held '-B 1:x'
held '-B 1:1:1:1'
held '-B 1-2:1-2:1-1'
held '-B '"'"''"'"''
held --ntasks-per-core=1
held --ntasks-per-core=2
held --ntasks-per-core=x
held --ntasks-per-core=0
held --ntasks-per-socket=1
held --ntasks-per-socket=2
held --ntasks-per-socket=x
held --ntasks-per-socket=0
held --ntasks-per-gpu=x
held --ntasks-per-node=1
held --ntasks-per-node=2
held --ntasks-per-node=0
held --ntasks-per-node=x
held --ntasks-per-node=-1
held '--ntasks-per-node=2 -n5 -N2'
held '-N2 --ntasks-per-node=2'
held --hint=compute_bound
held --hint=memory_bound
held --hint=multithread
held --hint=nomultithread
held --hint=help
held --hint=wrong
held --hint=
held '--hint=nomultithread --threads-per-core=1'
held '--hint=nomultithread -B 1:1:1'
held '--hint=nomultithread --ntasks-per-core=1'
held --cpu-freq=low
held --cpu-freq=2000
held --cpu-freq=low-high
held --cpu-freq=low-high:performance
held --cpu-freq=wrong
held --cpu-freq=performance
held --cpu-freq=
held --cpus-per-gpu=1
held --cpus-per-gpu=x
held '--cpus-per-gpu=1 -c1'
held '-c 1'
held '-c 2'
held '-c 0'
held '-c x'
held '-c -1'
held '-c 1k'
held '-c 5'
held '-c '"'"''"'"''
held '-c 1.5'
held --deadline=now+1hour
held --deadline=2030-01-01
held --deadline=x
held --deadline=2001-01-01
differs 'chance: whether that second is over when it is looked at'
held --deadline=now
held '-t 10 --deadline=now+5minutes'
held '-t 10 --deadline=now+20minutes'
held --deadline=
held --delay-boot=5
held --delay-boot=x
held --delay-boot=0
held --delay-boot=1:00:00
held '-d x'
held '-d '"'"''"'"''
held '-d expand:1'
held '-m block'
held '-m cyclic'
held '-m plane=2'
held '-m plane'
held '-m wrong'
held '-m block:cyclic'
differs 'refused by name'
held '-m block,Pack'
held '-m ,pack'
held '-m block,wrong'
held '-m '"'"''"'"''
held '-e err.%j'
held '-e '"'"''"'"''
held '-e /tmp/x'
held '-o out.%j'
held '-o '"'"''"'"''
held '-o out.%j -e err.%j'
held '-i in'
held '-i /etc/hosts'
held '-i none'
held '-o none'
held '-o /dev/null'
held '-i '"'"''"'"''
held '-x worker-1'
held '-x worker-[1-2]'
held '-x nosuch'
held '-x /tmp/x'
held '-x worker-1,worker-2'
held '-x worker-3 -w worker-3'
held '-x worker-[1-3]'
held --exclusive
held --exclusive=mcs
held --exclusive=exclusive
held --exclusive=wrong
held --exclusive=
held -s
held '--exclusive -s'
held '-s --exclusive'
held --export=ALL
held --export=NONE
held --export=A
held --export=
held --export-file=/etc/hostname
held --export-file=/nosuch
held --export-file=99
held --export-file=
held --get-user-env
held --get-user-env=5
held --get-user-env=5L
held --get-user-env=S
held --get-user-env=x
held --gid=alice
held --gid=0
held --uid=alice
held --uid=0
held --uid=nosuch
held --gpu-bind=closest
held --gpu-bind=wrong
held --gpu-freq=low
held --gpu-freq=x
held '-G 1'
held '-G x'
held --gpus-per-node=1
held --gpus-per-socket=1
held --gpus-per-task=1
held --gpus-per-task=x
held --mem-per-gpu=1
held --mem-per-gpu=x
held --gres=none
held --gres=gpu
held --gres=gpu:1
held --gres=help
held --gres=foo:x
held --gres=
differs 'none of a resource that there is none of is not shown'
held --gres=gpu:0
held --gres-flags=enforce-binding
held --gres-flags=disable-binding
held --gres-flags=wrong
held --gres-flags=
held --gres-flags=ENFORCE-BINDING
held --ignore-pbs
held --kill-on-invalid-dep=yes
held --kill-on-invalid-dep=no
held --kill-on-invalid-dep=x
held --kill-on-invalid-dep=
held -k
clear_
