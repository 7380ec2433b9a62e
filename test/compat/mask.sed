# What can't be the same on two machines or at two times: made the same in both.
s/\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\b/TIME/g
s/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) .[0-9] [0-9:]{8} [0-9]{4}\b/DATE/g
s/\((2000|20001)\)/(UID)/g
s/\b(2000|20001)\b/UID/g
s/\b4294[0-9]{6}\b/PRIORITY/g
s/\b0\.9999[0-9]+/PRIORITY/g
s/\bRunTime=[0-9:-]+/RunTime=T/g
s/([ |])[0-9]:[0-5][0-9]([ |]|$)/\1M:SS\2/g
s/\bCPULoad=[0-9.]+/CPULoad=N/g
s/\bFreeMem=[0-9]+/FreeMem=N/g
s/\bOS=Linux .*( RealMemory|$)/OS=Linux\1/
s/(operating_system"?:? "Linux) [^"]*/\1/
/^(real|user|sys) [0-9.]+$/d
s/^(SLURM_TASK_PID|SLURM_[A-Z]+_(COMM|LAUNCHER)_PORT|SLURM_STEP_LAUNCHER_PORT)=.*/\1=N/
s/\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b/ADDRESS/g
s/^worker-[1-3] ([0-9]+)$/worker-N \1/
s/^(PluginDir +=).*/\1 DIR/
s/worker-[1-3](: error: execve|: task 0: Exited)/worker-N\1/
s/AllocNode:Sid=head:[0-9]+/AllocNode:Sid=head:N/
s/(^|[ |])[0-9]{1,3}\.[0-9]{2}( |\||$)/\1LOAD\2/g
# Free memory, where it stands as a column: sinfo -o %e and %all, -O freemem
s/^(compute\* .*LOAD )[0-9]+$/\1N/
s/^(up\|\(null\)\|1\|0\|)[0-9]+/\1N/
s/[0-9]{4,6}-[0-9]{4,6} +/N /
s/\((17|18|19)[0-9]{8}\)/(EPOCH)/
s/SrunHost:Pid=(.*):[0-9]+/SrunHost:Pid=\1:N/
s/^(srun|sbatch): (Job [0-9]+ to start at) [0-9]{4}-[0-9T:-]+/\1: \2 TIME/
# --json: seconds since the epoch, and what was measured
s/^( *"[a-z_]+": )[12][0-9]{9}(,?)$/\1EPOCH\2/
s/^( *"(cpu_load|free_memory)": )[0-9]+(,?)$/\1N\3/
s/^( *"operating_system": ).*/\1OS/
# Days of this week, and what is cut off before the time
s/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) 99:99:99/DAY 99:99:99/g
s/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9][0-9] T [0-9]{4}\b/DATE/g
s/\b(Tomorr|Ystday) 99:99\b/99:99:99/g
s/( alice (CD|PD)) 20[0-9]{2}-[0-9]{2}-[0-9]{2} *$/\1 DAY/
