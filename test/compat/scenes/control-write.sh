#workers: 1
#conf: MinJobAge=300;PartitionName=compute Nodes=ALL Default=YES MaxTime=60;PartitionName=other Nodes=worker-1 AllowGroups=alice OverSubscribe=FORCE:2 DefMemPerCPU=10 State=DOWN;PartitionName=third Nodes=ALL MaxTime=INFINITE DefaultTime=30 MinNodes=1 MaxNodes=1 Hidden=YES RootOnly=YES LLN=YES DisableRootJobs=YES ExclusiveUser=YES GraceTime=5 PriorityTier=7 PriorityJobFactor=3 MaxCPUsPerNode=1 MaxMemPerNode=100 DefMemPerNode=50 OverSubscribe=EXCLUSIVE ReqResv=YES;PartitionName=fourth Nodes=ALL DenyAccounts=a AllocNodes=head OverSubscribe=YES:3 State=INACTIVE TRESBillingWeights="CPU=2.0,Mem=1.0" Alternate=third MaxMemPerCPU=9
# shellcheck shell=bash disable=SC2154,SC2016
# scontrol write: batch scripts and the configuration.
quiet 'printf "#!/bin/bash\n#SBATCH -J script\n#SBATCH -t 5\necho one\n# \303\244\ntrue\n" >/home/alice/script.sh; chown alice: /home/alice/script.sh'
quiet 'printf "#!/bin/bash\necho no newline at the end" >/home/alice/short.sh; chown alice: /home/alice/short.sh'
sub wait -H -o /dev/null script.sh a b
sub short -H -o /dev/null short.sh
sub wrap -H -o /dev/null --wrap "'echo hello'"
sub arr -H --array=1-3 -o /dev/null --wrap true
sub over -o /dev/null --wrap true
state "$over" CD
c "salloc -Q --no-shell -J alloc"
alloc=$(squeue -h -n alloc -o %A)
ids alloc "$alloc"
# What failed has an exit code here; the real one's is 0.
w() { c "scontrol write $1 || true"; r "scontrol write $1 || true"; }
w "batch_script $wait -"
w "batch_script $short - | od -c | tail -3"
w "batch_script $wrap -"
w "batch_script $over -"
w "batch_script $arr -"
w "batch_script ${arr}_1 -"
w "batch_script ${arr}_9 -"
b "scontrol write batch_script $wait - || true"
b "cd /home/bob; scontrol write batch_script $wait; ls"
w "batch_script $alloc -"
w "batch_script 4999 -"
w "batch_script 4999"
w "batch_script x -"
w "batch_script x"
w "batch_script -"
w "batch_script 0 -"
w "batch_script -1 -"
w "batch_script $wait.0 -"
w "batch_script $wait,$short -"
w "batch_script jobid=$wait -"
differs "what is missing is said, and what failed has an exit code that says so"
c "scontrol write batch_script"
differs "what failed has an exit code that says so"
c "scontrol write batch_script 4999"
w "batch_s $wait -"
w "BATCH_SCRIPT $wait - | head -2"
w "batch_script $wait - x"
w "batch_script $wait a b c"
c "scontrol write batch_script $wait; ls -l slurm-$wait.sh | cut -c1-10; cmp slurm-$wait.sh script.sh"
c "scontrol write batch_script $wait; echo \$?"
c "scontrol write batch_script $wait mine.sh; cmp mine.sh script.sh; stat -c %a mine.sh"
c "echo longer than the script is by many many words, more than it has >there.sh; for i in 1 2 3 4 5; do cat there.sh there.sh >there2.sh; mv there2.sh there.sh; done; scontrol write batch_script $wait there.sh; cmp there.sh script.sh"
c "scontrol write batch_script $wait /nonexistent/x || true"
c "scontrol write batch_script $wait /tmp || true"
differs "it says that the file is full"
c "scontrol write batch_script $wait /dev/full; echo \$?"
c "scontrol write batch_script $wait '' || true"
c "cd /; scontrol write batch_script $wait || true"
c "scontrol write batch_script ${arr}_2; ls slurm-*.sh"
c "scontrol write batch_script $over over.sh; cat over.sh"
c "umask 077; scontrol write batch_script $wait closed.sh; stat -c %a closed.sh"
c "ln -s /home/alice/target link.sh; scontrol write batch_script $wait link.sh; ls target"
c "scontrol -Q write batch_script $wait quiet.sh; scontrol -Q write batch_script 4999 || true; scontrol -o write batch_script $wait - | wc -l"
# The configuration.
w ""
w "nosuch"
w "config x y"
w "con"
c "scontrol write config || true"
c "scontrol write config /nonexistent/conf || true"
c "cd /tmp; scontrol write config mine; ls mine* | sed 's/[0-9][0-9T:-]\{8,\}/WHEN/'; stat -c %a mine*"
r "scontrol update nodename=worker-1 weight=5 features=a,b; scontrol update partition=other maxtime=5"
c "scontrol -Q write config /home/alice/conf; ls -l conf* | cut -c1-10; sed '/^#  *OTHER  *#/,/ NODES /d' conf*; grep -cE '^#?[A-Z][A-Za-z]*=' conf*"
r "scontrol write config"
clear_
