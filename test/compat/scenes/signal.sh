#seconds: 240
#cpus: 4
# shellcheck shell=bash disable=SC2154
# sbatch, srun and salloc --signal: mistakes, what is accepted, to whom the signal goes and how often; nothing shows it.
c 'sbatch --signal=R:USR1@10 -H --parsable --wrap true | tr -d 0-9'
c 'sbatch --signal=RB:USR1@10 -H --parsable --wrap true | tr -d 0-9'
c 'sbatch --signal=BR:10@0 -H --parsable --wrap true | tr -d 0-9'
c 'sbatch --signal=USR1@ -H --wrap true'
differs "there is no such signal"
c 'sbatch --signal=65@10 -H --wrap true'
c 'sbatch --signal=64@10 -H --wrap true'
c 'sbatch --signal=31@65535 -H --parsable --wrap true | tr -d 0-9'
c 'sbatch --signal=SIGUSR1@65536 -H --wrap true'
c 'sbatch --signal=sigusr1 -H --parsable --wrap true | tr -d 0-9'
c 'sbatch --signal=" USR1" -H --wrap true'
c 'sbatch --signal=B:USR1:5 -H --wrap true'
c 'sbatch --signal=USR1@5x -H --wrap true'
c 'sbatch --signal=b:USR1 -H --parsable --wrap true | tr -d 0-9'
differs "there is no such signal"
c 'sbatch --signal=-1 -H --wrap true'
c 'sbatch --signal -H --wrap true'
c 'srun --signal=FOO true'
c 'srun --signal=B:USR1@x true'
c 'salloc --signal=FOO true'
c 'SBATCH_SIGNAL=FOO sbatch -H --wrap true'
c 'SALLOC_SIGNAL=FOO salloc true'
c 'SLURM_SIGNAL=FOO srun true'
differs "a variable that the command line overrides is not read"
c 'SBATCH_SIGNAL=FOO sbatch --signal=USR1 -H --parsable --wrap true | tr -d 0-9'
c 'printf "#!/bin/sh\n#SBATCH --signal=B:FOO@10\ntrue\n" | sbatch -H'
c 'sbatch -v --signal=B:USR1@10 -H --wrap true 2>&1 | grep -i signal'
c 'scancel -u alice'
idle
# Each writes down when it began, and when what came, in tenths of seconds.
cat >hears.sh <<'J'
#!/usr/bin/env python3
import os, signal, sys, time
name, began = sys.argv[1], time.time()
def came(number, _):
    with open(name + ".came", "a") as file:
        file.write("%s %d\n" % (signal.Signals(number).name, (time.time() - began) * 10))
signal.signal(signal.SIGUSR1, came)
signal.signal(signal.SIGUSR2, came)
while not os.path.exists(name + ".stop"):
    time.sleep(0.1)
J
chmod 755 hears.sh
chown alice: hears.sh
sub steps -J steps -t 1 --signal=USR1@60 -o steps.out --wrap "'./hears.sh batch & srun ./hears.sh step; echo step \$?; wait; echo batch \$?'"
sub shell -J shell -t 1 --signal=B:USR2@40 -o shell.out --wrap "'trap \"echo got it >shell.came\" USR2; srun ./hears.sh under & until [ -e shell.stop ]; do sleep 0.1; done; wait; echo batch \$?'"
quiet "setpriv --reuid alice --regid alice --init-groups srun -J alone -t 1 -n2 -O --signal=R:10@50 /bin/bash -c 'exec ./hears.sh alone.\$SLURM_PROCID' >/home/alice/srun.said 2>&1; echo exit \$? >>/home/alice/srun.said" &
quiet "setpriv --reuid alice --regid alice --init-groups salloc -J alloc -t 1 --signal=USR1 sh -c './hears.sh local & srun ./hears.sh inner; wait' >/home/alice/salloc.said 2>&1; echo exit \$? >>/home/alice/salloc.said" &
c "scontrol show job $steps | grep -ciE 'sig|warn'; squeue --json -n steps | grep -ciE 'sig|warn'"
for name in step shell alone.0 alone.1 inner; do until_true 60 test -s "/home/alice/$name.came"; done
touch batch.stop step.stop shell.stop under.stop alone.0.stop alone.1.stop local.stop inner.stop
shows exit cat /home/alice/srun.said
shows exit cat /home/alice/salloc.said
state "$steps" CD
state "$shell" CD
c 'for f in *.came; do echo $f: $(cut -d" " -f1 $f | sort | uniq -c); done'
c "awk '{ print (\$2 <= 300 ? \"in time\" : \$2) }' step.came alone.0.came inner.came"
c 'cat steps.out'
c 'cat shell.out'
c "grep -v allocated srun.said | grep -v queued"
c "grep -vi allocat salloc.said | grep -v queued"
clear_
