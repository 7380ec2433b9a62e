"""Submission."""
import os
import re

from cluster import content, ended, match, need, row, run, show, state, submit, until

SLEEP = "#!/bin/sh\nexec sleep 600\n"


@row("SI RF PA TO SK7 BT MA BL ARC AI NF CY NI JU DT DJ", "sbatch: Submitted batch job N")
def submitted(_):
    with open("plain.sh", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n#SBATCH -o /dev/null\ntrue\n")
    said = run(["sbatch", "plain.sh"])
    out = said.out
    ids = {
        "SI": re.search(r"job (?P<id>[0-9]+)", out)["id"],
        "RF": re.search(r"Submitted batch job (\d+)", out)[1],
        "PA": next(line for line in out.split("\n") if re.match(r"Submitted batch job (\S*)", line)).split()[3],
        "SK7": out.split(" ")[-1].strip(),
        "TO": out.split()[-1],
        "MA": re.search(r"[0-9]+", out)[0],
        "BL": run("awk '/^Submitted batch job [0-9]+/ { print $4 }'", stdin=out).out.strip(),
        "ARC": re.match(r"(?:sbatch: )?Submitted batch job ([0-9]+)\n$", out)[1],
        "CY": re.match(r"\ASubmitted\sbatch\sjob\s(?P<id>\d+)", out)["id"],
        "DJ": "".join(re.search(r"\d+", out)[0]),
    }
    need(len(set(ids.values())) == 1 and not said.err, said, f"the programs read {ids}")


@row("OOD SKC SKP JH PQ SS", "sbatch --parsable")
def parsable(_):
    said = run(["sbatch", "--parsable", "-o", "/dev/null", "--wrap", "true"])
    first, last_line, last_word = said.out.strip().split(";")[0], said.lines[-1].split(";")[0], said.lines[-1].split()[-1]
    need(first == last_line == last_word and first.isdigit(), said)


@row("OOD JH SS NF SKP", "sbatch: the script from standard input")
def from_stdin(_):
    job = run(["sbatch", "--parsable", "-J", "piped", "-o", "/dev/null"], stdin=SLEEP).out.strip()
    here = run(f"sbatch -o /dev/null << EOF\n{SLEEP}EOF")
    shown = show(job)
    need(shown["Command"] == "(null)" and shown["JobName"] == "piped", shown)
    said = run(["squeue", "-h", "-j", job, "-O", "Command"])
    need(said.out.strip() == "(null)", said)
    run(["scancel", job, here.out.split()[-1]])


@row("SK7 SKP TO", "sbatch --wrap")
def wrap(_):
    job = run("sbatch --parsable -W -o wrapped.out --wrap=\"echo 'a  b' $((1 + 1))\"").out.strip()
    need(content("wrapped.out") == "a  b 2\n", job, content("wrapped.out"))
    said = run(["sbatch", "--wrap", "true", "argument"], rc=1)
    need("Script arguments not permitted with --wrap option" in said.err, said)


@row("all", "sbatch: errors")
def errors(_):
    said = run(["sbatch", "-p", "nosuch", "--wrap", "true"], rc=1)
    need(said.err.startswith("sbatch: error: invalid partition specified: nosuch\n"
                             "sbatch: error: Batch job submission failed: Invalid partition name specified\n"), said)
    need("invalid partition" in said.err and not said.out, said)  # which OOD looks for
    said = run(["sbatch", "--nosuch", "plain.sh"], rc=255)
    need("Try \"sbatch --help\" for more information" in said.err, said)


@row("all", "sbatch: forms of #SBATCH lines")
def directives(_):
    script = """#!/bin/bash
#SBATCH --cpus-per-task       2
#SBATCH --job-name="x y"

# a comment
#SBATCH --comment 'dask held out'
#SBATCH --partition='main'
#SBATCH --chdir="/tmp"
#SBATCH -o /dev/null
#SBATCH --mail-user=
#SBATCH --mail-type=NONE
#SBATCH --gres=NONE
#SBATCH -H
#SBATCH --time=5
true
"""
    job = submit(script=script)
    out = run(["scontrol", "show", "job", job]).out
    for line in ("JobName=x y", "CPUs/Task=2", "Comment=dask held out", "Partition=main", "WorkDir=/tmp", "TimeLimit=00:05:00"):
        need(line in out, out, line)
    run(["scancel", job])


@row("all", "sbatch: only the header counts")
def header(_):
    job = submit(script="#!/bin/sh\n\n# words\n#SBATCH --hold -o /dev/null\nexit 0\n#SBATCH --nodes=99 --nosuch\n")
    need(show(job)["NumNodes"] in ("1", "1-1"), show(job))
    run(["scancel", job])


@row("RF SI AI OOD", "sbatch: name, time, partition, nodes")
def request(_):
    for given, shown in (("5", "00:05:00"), ("5:30", "00:06:00"), ("0:3:0", "00:03:00"), ("1-2", "1-02:00:00"),
                         ("1-00:30:00", "1-00:30:00"), ("00:10:00", "00:10:00")):
        job = submit("-H", "-t", given, "--wrap", "true")
        need(show(job)["TimeLimit"] == shown, show(job), given)
        run(["scancel", job])
    job = submit("-H", "-J", "n", "--job-name=name", "-p", "main", "--wckey=submitit", "--comment=why", "--nice=100", "-A", "root", "-x", "worker-1", "-w", "worker-[2-3]", "-N2", "--wrap", "true")
    shown = show(job)
    need(shown["JobName"] == "name" and shown["Nice"] == "100" and
         shown["ReqNodeList"] == "worker-[2-3]" and shown["ExcNodeList"] == "worker-1" and shown["Comment"] == "why", shown)
    need(run(["squeue", "-h", "-j", job, "-o", "%w"]).out == "submitit\n", job)
    run(["scancel", job])


@row("RF OOD", "sbatch --reservation")
def reservation(_):
    said = run(["sbatch", "--reservation=nosuch", "--wrap", "true"], rc=1)
    need("Batch job submission failed: Requested reservation is invalid" in said.err, said)


@row("OOD RF", "sbatch --priority, --constraint")
def constraint(_):
    run(["scontrol", "update", "NodeName=worker-1", "Features=fast,big"])
    job = submit("-H", "--priority=77", "-C", "(fast)&(big)", "--wrap", "true")
    need(show(job)["Features"] == "(fast)&(big)", show(job))
    run(["scancel", job])
    said = run(["sbatch", "-C", "(fast)&(nosuch)", "--wrap", "true"], rc=1)
    need("Invalid feature specification" in said.err, said)


@row("SI PS BT RF", "sbatch: sizes")
def sizes(_):
    for options, key, value in ((["--mem=200MB"], "MinMemoryNode", "200M"), (["--mem=1GB"], "MinMemoryNode", "1G"),
                                (["--mem=150"], "MinMemoryNode", "150M"), (["--mem=2048K"], "MinMemoryNode", "2M"),
                                (["--mem=100K"], "MinMemoryNode", "1M"), (["--mem-per-cpu=100M"], "MinMemoryCPU", "100M"),
                                (["--mincpus=2"], "MinCPUsNode", "2"), (["-n4", "--ntasks-per-node=2", "-N2"], "NumTasks", "4"),
                                (["--exclusive"], "OverSubscribe", "NO")):
        job = submit("-H", *options, "--wrap", "true")
        need(show(job)[key] == value, show(job), f"{options} {key}")
        run(["scancel", job])


@row("all", "sbatch --exclusive=user")
def exclusive_user(_):
    job = submit("-H", "--exclusive=user", "--wrap", "true")
    need(show(job)["OverSubscribe"] == "USER", show(job))
    run(["scancel", job])


@row("RF", "sbatch --hint")
def hint(_):
    for word in ("multithread", "nomultithread"):
        run(["scancel", submit("-H", f"--hint={word}", "--wrap", "true")])


@row("SK7 SKP PA OOD", "sbatch: GPUs that the cluster doesn't have")
def gpus(_):
    for option in ("--gpus=1", "--gpus-per-node=1", "--gres=gpu:1", "--gres=gpu:a100:2", "--gpus-per-task=1", "--mem-per-gpu=1G"):
        said = run(["sbatch", option, "--wrap", "true"], rc=None)
        need(option.startswith("--mem") or (said.rc == 1 and "Invalid generic resource (gres) specification" in said.err), said)


@row("SI DJ RF NF PS BL CMQ OOD", "sbatch: names of files")
def files(_):
    os.makedirs("sub", exist_ok=True)
    job = submit("-W", "-D", "sub", "-J", "named", "-o", "%j_%x_%N_%u.log", "--wrap", "echo out; echo err >&2")
    text = content(f"sub/{job}_named_{show(job)['BatchHost']}_{os.popen('id -un').read().strip()}.log")
    need(sorted(text.split()) == ["err", "out"], text)  # no -e: both in one
    job = submit("-W", "-o", "dask-%J.out", "-e", "dask-%J.err", "--wrap", "echo out; echo err >&2")
    need(content(f"dask-{job}.err") == "err\n" and content(f"dask-{job}.out") == "out\n", job)
    with open("input", "w", encoding="utf-8") as file:
        file.write("given\n")
    for _ in range(2):
        submit("-W", "-i", "input", "-o", "appended", "--open-mode=append", "--wrap", "cat")
    need(content("appended") == "given\ngiven\n", content("appended"))
    job = submit("-W", "-a", "3", "--output=rfm_job.out_%a", "--wrap", "echo $SLURM_ARRAY_TASK_ID")
    need(content("rfm_job.out_3") == "3\n", job)
    need(ended(submit("-W", "-o", "/dev/null", "-e", "/dev/null", "--wrap", "true")) == "COMPLETED", "to /dev/null")


@row("SI BT OOD RF SS RS NF DT CMQ SKP", "sbatch: arrays")
def arrays(_):
    for given, shown in (("0-4%2", "0-4%2"), ("1-3%1", "1-3%1"), ("3,5-9", "3,5-9"), ("0-99:10", "0-90:10"), ("3-4", "3-4"), ("0-9%5", "0-9%5")):
        job = submit("-H", f"--array={given}", "--wrap", "true")
        said = run(["squeue", "-h", "-j", job, "-o", "%i"])
        wanted = {f"{job}_[{shown}]"}
        if given == "0-99:10":
            wanted |= {f"{job}_[0,10,20,30,40,50,60,70,80,90]", f"{job}_[{given}]"}
        need(said.out.strip() in wanted, said, given)
        run(["scancel", job])


@row("OOD SS NI DT PQ", "sbatch: dependencies")
def dependencies(jobs):
    a, b = jobs["long"], jobs["held"]
    for given in (f"after:{a},afterok:{a}:{b},afternotok:{b},afterany:{b}", f"afterok:{a},{b}", f"afterok:{a}:{b}"):
        job = run(["sbatch", "--parsable", "-d", given, "-o", "/dev/null", "--wrap", "true"]).out.strip()
        until(lambda: run(["squeue", "-h", "-j", job, "-o", "%r"]).out.strip() == "Dependency", f"the reason of {given}")
        run(["scancel", job])


@row("SI", "sbatch --signal=USR2@90: to the tasks")
def signal_tasks(_):
    job = submit("--signal=USR2@59", "-t", "1", "-o", "signalled", script="""#!/bin/bash
trap 'echo script' USR2
srun --unbuffered bash -c 'trap "echo task; exit 0" USR2; sleep 100 & wait'
""")
    ended(job)
    need(content("signalled") == "task\n", content("signalled"))


@row("NF TO+", "sbatch --signal=B:USR2@30: to the script")
def signal_script(_):
    job = submit("--signal", "B:USR2@59", "-t", "1", "-o", "signalled-b", script="""#!/bin/bash
trap 'echo script; exit 0' USR2
sleep 100 & wait
""")
    ended(job)
    need(content("signalled-b") == "script\n", content("signalled-b"))


@row("SI OOD SKP AI NF", "sbatch --requeue: a job that requeues itself")
def requeue(_):
    job = submit("--requeue", "-o", "again-%j", "--open-mode=append", script="""#!/bin/sh
echo "$SLURM_JOB_ID ${SLURM_RESTART_COUNT-0}"
[ -n "$SLURM_RESTART_COUNT" ] || { scontrol requeue $SLURM_JOB_ID; sleep 60; }
""")
    until(lambda: run(["squeue", "-h", "-j", job, "-o", "%T %r"]).out.strip() == "PENDING BeginTime", "the job's second wait")
    need(show(job)["Restarts"] == "1", show(job))
    run(["scontrol", "update", f"JobId={job}", "StartTime=now"])
    need(ended(job) == "COMPLETED", job)
    mine = [line for line in content(f"again-{job}").splitlines() if "CANCELLED AT" not in line]
    need(mine == [f"{job} 0", f"{job} 1"], content(f"again-{job}"))
    need(show(submit("-H", "--no-requeue", "--wrap", "true"))["Requeue"] == "0", "")


@row("TO SK7 SKP PS OOD JH", "sbatch --export")
def export(_):
    env = {"FOO": "foo", "BAR": "b r"}
    wrapped = ["-W", "-o", "exported", "--wrap", 'echo "$FOO|$BAR|$K"']
    for given, wanted in (("ALL,K=v w", "foo|b r|v w"), ("ALL", "foo|b r|"), ("NONE", "||"), ("FOO,BAR", "foo|b r|"), ("ALL,FOO", "foo|b r|"),
                          ("PATH,LANG,FOO", "foo||")):
        run(["sbatch", "--parsable", f"--export={given}", *wrapped], env=env)
        need(content("exported") == wanted + "\n", content("exported"), given)


@row("JH AI PQ", "sbatch --get-user-env")
def user_env(_):
    for option in ("--get-user-env", "--get-user-env=L"):
        need(ended(submit("-W", "-o", "/dev/null", option, "--wrap", "true")) == "COMPLETED", option)


@row("OOD", "sbatch: mail")
def mail(_):
    run(["scancel", submit("-H", "--mail-type=END,FAIL", "--mail-user=nobody@example.org", "--wrap", "true")])


@row("OOD RF", "sbatch: hold, begin")
def later(_):
    job = submit("-H", "--wrap", "true")
    need(run(["squeue", "-h", "-j", job, "-o", "%r"]).out.startswith("JobHeld"), job)
    year = "2039-11-23T10:00:00"
    later_job = submit(f"--begin={year}", "--wrap", "true")
    need(show(later_job)["StartTime"] == year, show(later_job))
    soon = submit("--begin=now+300", "--wrap", "true")
    until(lambda: run(["squeue", "-h", "-j", f"{soon},{later_job}", "-o", "%r"]).out.split() == ["BeginTime"] * 2, "BeginTime")
    run(["scancel", job, soon, later_job])


@row("SF NI", "sbatch --version")
def version(_):
    need(run(["sbatch", "--version"]).out == "slurm 22.05.8\n", "")


@row("RF", "sbatch --test-only")
def test_only(_):
    said = run(["sbatch", "--test-only", "--wrap", "true"])
    match(r"^sbatch: Job \d+ to start at \S+ using 1 processors on nodes \S+ in partition main$", said, said.err.strip())
