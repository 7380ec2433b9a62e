# shellcheck shell=bash disable=SC2154,SC2016
#conf: JobAcctGatherType=jobacct_gather/linux;JobAcctGatherFrequency=task=1;JobAcctGatherParams=OverMemoryKill;SelectTypeParameters=CR_Core_Memory
#cpus: 2
#seconds: 60
# OverMemoryKill: who is seen to use more memory than it asked for is killed, on all of its nodes. The real one says it again as long as it
# sees it, and how much it was is chance.
cat >/home/alice/eat <<-'H'
	#!/usr/bin/perl
	my $x = "a" x (200 << 20);
	sleep 300;
H
chmod 755 /home/alice/eat
all="2>&1 | sed -E 's/\\([0-9]+ > /(N > /' | sort -u"
c "srun --mem=50 -N1 ./eat $all"
c "srun --mem=50 -N1 ./eat >/dev/null 2>&1"
c "srun --mem=50 -N2 -n2 sh -c 'if [ \$SLURM_PROCID = 1 ]; then exec ./eat; else exec sleep 100; fi' $all"
c "srun --mem=50 -n2 -N1 sh -c './eat; echo after' $all | sed -E 's/tasks? [0-9-]+: K/T: K/' | sort -u"
c "srun --mem=50 -N1 sh -c 'sleep 3; echo alive'"
c "salloc -Q -N1 --mem=300 sh -c 'srun --mem=50 ./eat; echo rc \$?' $all"
sub one -J one --mem=50 -o one.out --wrap "'./eat; echo after'"
until_true 60 _has one bash -c "squeue -h -t F,OOM,CD,CA -j $one -o %j"
c "squeue -h -t all -j $one -o '%t %T %r'; sed -E 's/\\([0-9]+ > /(N > /' one.out | sort -u; scontrol show job $one | grep -oE '(JobState|ExitCode)=[^ ]*'"
sub two -J two -N2 --mem=100 -o two.out --wrap "'srun --overlap -N2 sh -c \"[ \\\$SLURM_PROCID = 1 ] && exec ./eat; exec sleep 20\"; echo rc \$?'"
until_true 60 _has two bash -c "squeue -h -t F,OOM,CD,CA -j $two -o %j"
c "squeue -h -t all -j $two -o '%t %T %r'; sed -E 's/\\([0-9]+ > /(N > /' two.out | sort -u; scontrol show job $two | grep -oE '(JobState|ExitCode)=[^ ]*'"
