#conf: JobAcctGatherType=jobacct_gather/linux;JobAcctGatherFrequency=task=1
#cpus: 2
#seconds: 60
# shellcheck shell=bash disable=SC2016,SC2154
# sstat: mistakes, which steps it shows, whose they are, columns; figures of a step on two nodes, of which a byte more or less is chance.
c 'sstat'
c 'sstat --bogus'
c 'sstat -j'
c 'sstat -j ""'
c 'sstat -j abc'
c 'sstat -j -5'
c 'sstat -j 6.x'
c 'sstat -j 6.'
c 'sstat -o bogus -j 1'
c 'sstat -o all -j 1'
c 'sstat --usage'
c 'sstat --helpformat'
sub held -H -o /dev/null --wrap true
c "sstat -n -j $held"
c "sstat -n -j $held.0"
sub job -N2 -n2 -o /dev/null --wrap "'sleep 900'"
state "$job" R
shows "$job.batch" squeue -h -s -o %i
sleep 1
c "sstat -n -j $job"
c "sstat -n -P -o jobid,ntasks,nodelist -a -j $job"
c "sstat -n -P -o jobid,ntasks,nodelist -j $job.batch"
# Task 1, on the second node, has 140 MB.
step() { # NUMBER COMMAND: a step of the job, which stays
	user alice "srun --jobid=$job --overlap $2" >/dev/null 2>&1 &
	shows "$job.$1" squeue -h -s -o %i
}
step 0 '-N2 -n2 perl -e "\$x = q(x) x 45_000_000 if \$ENV{SLURM_PROCID} == 1; sleep 900"'
step 1 '-N1 -n1 -w worker-1 perl -e "\$| = 1; print q(x) x 5_000_000; sleep 900"'
ready() { [[ $(sstat -n -P --noconvert -o averss -j "$job.0") == [1-9]??????? && $(sstat -n -P --noconvert -o avediskwrite -j "$job.1") == 5?????? ]]; }
until_true 60 ready
about="sed -E 's/500000[01]/5MB/g; s/\b[0-9]{7}\b/N/g; s/\b([0-9])[0-9]{7,9}\b/\1_/g; s:(fs/disk|pages)=[^,|]+:\1=N:g; s/mem=[45]_/mem=M_/; s/cpu=00:00:01/cpu=00:00:00/'"
c "sstat -n -P -o jobid,ntasks,nodelist -j $job"
c "sstat -n -P -o jobid,ntasks,nodelist -a -j $job"
c "sstat -n -P -o jobid,ntasks,nodelist -a -j $job.1,$job.0"
c "sstat -n -P -o jobid,ntasks -j $job.0 -j $job.1"
c "sstat -n -P -o jobid,ntasks -j $job.0,,$job.1 $job.batch $job"
c "sstat -n -P -o jobid,ntasks $job.0 $job.1"
c "sstat -n -P -o jobid,ntasks -j $job.0x,${job}x"
c "sstat -n -p -o jobid,ntasks,,nodelist -j $job.0"
c "sstat -n -P -o '' -j $job.0"
c "sstat -n -P -o jobid -o ntasks -j $job.0"
c "sstat -n -j $job.7"
c "sstat -n -j $job.extern"
c "sstat -n -P -i -a -j $job | sed -E 's/[0-9,]+\$/PIDS/'"
c "sstat -P -i -o jobid,nodelist -j $job.0 | sed -E 's/\\|[0-9,]+\\|/|PIDS|/'"
c "sstat -n -P -o maxvmsize,maxvmsizenode,maxvmsizetask,avevmsize -j $job.0"
c "sstat -n -P --noconvert -o maxrss,maxrssnode,maxrsstask,averss -j $job.0 | $about"
c "sstat -n -P --noconvert -o reqcpufreq,reqcpufreqmin,reqcpufreqgov,consumedenergy,consumedenergyraw,avecpu,mincpu -j $job.0"
c "sstat -n -P --noconvert -o reqcpufreq,reqcpufreqmin,reqcpufreqgov -j $job.batch"
c "sstat -n -P --noconvert -o maxdiskwrite,maxdiskwritenode,maxdiskwritetask,avediskwrite -j $job.1 | $about"
for column in ave max maxnode maxtask min minnode mintask tot; do
	c "sstat -n -P --noconvert -o tresusagein$column -j $job.0 | $about"
	c "sstat -n -P --noconvert -o tresusageout$column -j $job.0 | $about"
done
b "sstat -n -P -j $job.1 -o jobid,ntasks"
b "sstat -n -P -a -j $job -o jobid,ntasks 2>&1 | sort"
r "sstat -n -P -j $job.0 -o jobid,ntasks"
quiet "scancel $job"
shows '' squeue -h
state "$job" CA
c "sstat -n -j $job"
c "sstat -n -j $job.0"
# Before there was any step at all the real one has another word for these.
c 'sstat 4999'
c 'sstat -j 0'
c 'sstat -n -j 4999.0,4998.batch'
c 'sstat -j 4999 -o jobid,avediskread,avediskwrite,consumedenergyraw,reqcpufreq,nodelist,pids'
c 'sstat -p -i -j 4999'
c 'sstat -i -j 4999'
c 'sstat -P -j 4999'
c 'sstat -j 4999 -o jobid%x,ntasks%3,averss%-5'
clear_
