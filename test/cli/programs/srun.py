"""srun and salloc, and what jobs find in their environment."""
import os
import re

from cluster import content, need, row, run, submit


def in_job(body, *options, name="in-job", seconds=90):
    """A batch script's output."""
    if os.path.exists(name):
        os.unlink(name)
    run(["sbatch", "-W", "-Q", "-o", name, *options], stdin="#!/bin/bash\n" + body + "\n", rc=None, seconds=seconds)
    return content(name)


@row("SI", "srun in a script: a file for each task")
def submitit(_):
    job = submit("-W", "-n2", "-o", "%j_out", script="#!/bin/sh\nsrun --unbuffered --output %j_%t_log.out --error %j_%t_log.err sh -c 'echo $SLURM_PROCID'\n")
    need([content(f"{job}_{task}_log.out") for task in (0, 1)] == ["0\n", "1\n"] and content(f"{job}_0_log.err") == "", job)


@row("SK7 SKP", "srun --cpu-bind=q")
def cpu_bind(_):
    need(in_job("srun -n1 --cpu-bind=q echo here") == "here\n", "")


@row("SKP", "srun: a script from standard input")
def script_on_stdin(_):
    need(in_job("srun -n1 --cpus-per-task=1 sh <<'X'\necho from stdin\nX") == "from stdin\n", "")


@row("PA", "srun -l, --exclusive")
def launchers(_):
    out = in_job("echo 'echo $SLURM_PROCID' >pa.sh\nsrun --ntasks 2 -l bash pa.sh", "-n2")
    need(sorted(out.splitlines()) == ["0: 0", "1: 1"], out)
    out = in_job("srun --exclusive --nodes 2 -l sh -c 'echo $SLURMD_NODENAME'", "-N2", "-n2")
    need(len(set(re.findall(r"^\d: (worker-\d)$", out, re.MULTILINE))) == 2, out)


@row("RF", "srun: --cpus-per-task, --export, --version, --test-only")
def reframe(_):
    out = in_job("srun -n1 --cpus-per-task=2 --export=A=1,B=2 sh -c 'echo $SLURM_CPUS_PER_TASK $A $B'", "-c2")
    need(out == "2 1 2\n", out)
    said = run(["srun", "--version"])
    need(re.match(r"slurm(-wlm)? (\d+)\.(\d+)\.(\d+)", said.out), said)
    said = run(["srun", "-n1", "--test-only", "true"])
    need("in partition main" in said.err, said)


@row("parallel torch", "srun: many at once, --overlap, --exact, --kill-on-bad-exit")
def many(_):
    out = in_job("for i in 1 2 3; do srun --exact -N1 -n1 -c1 echo $i & done; wait", "-N1", "-n4", "--mem=400M")
    need(sorted(re.findall(r"^\d$", out, re.MULTILINE)) == ["1", "2", "3"], out)
    out = in_job("srun -n1 --overlap sleep 2 & srun --overlap -n1 -w $SLURMD_NODENAME echo over; wait")
    need(out == "over\n", out)
    out = in_job("srun --nodes=1 --ntasks=1 -w \"$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1)\" hostname --ip-address", "-N2")
    need(re.search(r"\d+\.\d+\.\d+\.\d+|::1", out), out)
    out = in_job("srun -n2 --kill-on-bad-exit=1 sh -c '[ $SLURM_PROCID = 1 ] && exit 3; sleep 60'; echo $?", "-n2")
    need(out.splitlines()[-1] in ("3", "137", "143"), out)


@row("OM", "srun: mpiexec's launch of orted")
def open_mpi(_):
    out = in_job("unset SLURM_CPU_BIND SLURM_CPU_BIND_TYPE SLURM_CPU_BIND_LIST\n"
                 "srun --ntasks-per-node=1 --kill-on-bad-exit --mpi=none --nodes=2 --nodelist=$(scontrol show hostnames | paste -sd,) --ntasks=2 "
                 "sh -c 'echo $SLURMD_NODENAME $SLURM_JOBID $SLURM_NODELIST $SLURM_TASKS_PER_NODE $SLURM_JOB_CPUS_PER_NODE' </dev/null", "-N2")
    need(len(out.splitlines()) == 2 and all(re.fullmatch(r"worker-\d \d+ worker-\[\S+\] 1\(x2\) \d\(x2\)", line) for line in out.splitlines()), out)


@row("OM", "salloc: a command on an allocation")
def salloc(_):
    said = run(["salloc", "-N2", "--ntasks-per-node=2", "srun", "-l", "echo", "x"])
    need(sorted(said.lines) == ["0: x", "1: x", "2: x", "3: x"] and "salloc: Granted job allocation" in said.err, said)
    said = run(["salloc", "-Q", "-N1", "sh", "-c", "echo $SLURM_TASKS_PER_NODE $SLURM_JOB_NODELIST; exit 5"], rc=5)
    need(not said.err.strip() and said.out.startswith("1 worker-"), said)


@row("MP", "srun: mpiexec.hydra's launch of its proxies")
def mpich(_):
    out = in_job("unset ${!SLURM_N@}\nlist=$SLURM_JOB_NODELIST\nsrun --nodelist $list -N 2 -n 2 --input none echo proxy", "-N2")
    need(out == "proxy\nproxy\n", out)


@row("MP", "srun --mpi=pmi2: the PMI-1 wire")
def pmi(_):
    run(["srun", "--mpi=pmi2", "-n2", "sh", "-c", "test -n \"$PMI_FD\" -a -n \"$PMI_RANK\" -a \"$PMI_SIZE\" = 2"])


@row("OM", "srun --mpi=list, --mpi=pmix")
def pmix(_):
    need("pmix" in run(["srun", "--mpi=list"]).out, run(["srun", "--mpi=list"]))
    run(["srun", "--mpi=pmix", "-n1", "true"])


@row("RF OM MP", "srun: exit codes")
def exit_codes(_):
    said = run(["srun", "-n2", "sh", "-c", "exit $((SLURM_PROCID + 6))"], rc=7)
    need(re.search(r"^srun: error: worker-\d: task 1: Exited with exit code 7$", said.err, re.MULTILINE), said)


@row("all", "variables that jobs read")
def variables(_):
    always = ("SLURM_JOB_ID SLURM_JOBID SLURM_JOB_NAME SLURM_JOB_NODELIST SLURM_NODELIST SLURM_JOB_NUM_NODES SLURM_NNODES SLURM_NTASKS SLURM_NPROCS "
              "SLURM_NTASKS_PER_NODE SLURM_TASKS_PER_NODE SLURM_CPUS_PER_TASK SLURM_CPUS_ON_NODE SLURM_JOB_CPUS_PER_NODE SLURM_MEM_PER_NODE "
              "SLURM_SUBMIT_DIR SLURMD_NODENAME SLURM_JOB_PARTITION SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT").split()
    in_step = "SLURM_PROCID SLURM_LOCALID SLURM_NODEID SLURM_GTIDS SLURM_STEP_ID".split()
    out = in_job("env | grep ^SLURM; srun -n1 env | grep ^SLURM | sed 's/^/step /'", "-N1", "-n2", "--ntasks-per-node=2", "-c1", "--mem=100M", "-a", "1-1")
    script = dict(line.split("=", 1) for line in out.splitlines() if line.startswith("SLURM"))
    step = dict(line[5:].split("=", 1) for line in out.splitlines() if line.startswith("step "))
    need(not [name for name in always if name not in script], out, [name for name in always if name not in script])
    need(not [name for name in in_step if name not in step], out, [name for name in in_step if name not in step])
    need("SLURM_CPUS_PER_TASK" not in in_job("env"), "only with -c")
    need("SLURM_MEM_PER_CPU=50" in in_job("env", "--mem-per-cpu=50"), "")


@row("OM MP", "variables of GPUs")
def gpu_variables(_):
    run(["srun", "--gpus=1", "-n1", "sh", "-c", "test -n \"$CUDA_VISIBLE_DEVICES\" -a -n \"$SLURM_STEP_GPUS\""])
