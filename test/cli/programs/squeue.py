"""squeue. jobs: finished, failed, held, long (runs), array (1-6%2, two run), waits (for long), steps (runs a step)."""
import getpass
import os
import re

from cluster import match, need, row, run, until

USER = getpass.getuser()
OOD_FIELDS = ("Account JobID BatchHost MinCpus NumCPUs MinTmpDisk NumNodes EndTime Dependency Feature ArrayJobID GroupName GroupID "
              "OverSubscribe Sockets JobArrayID Cores Name Threads Comment ArrayTaskID TimeLimit TimeLeft MinMemory TimeUsed ReqNodes "
              "NodeList Command Contiguous QOS Partition PriorityLong Reason StartTime StateCompact State UserName UserID Reservation "
              "SubmitTime WCKey Licenses ExcNodes CoreSpec Nice SchedNodes SCT WorkDir tres-alloc tres-per-node").split()
TURM_FIELDS = ("jobid name state username timeused tres-alloc partition nodelist stdout stderr command statecompact reason ArrayJobID "
               "ArrayTaskID NodeList WorkDir numnodes numcpus").split()
TIME = r"(?:\d+-)?(?:\d+:)?\d+:\d\d"
NOBODY = "slurm_load_jobs error: Invalid job id specified\n"


@row("JH", "squeue -o '%T %B'")
def jupyterhub(jobs):
    match(r"^RUNNING\s+worker-\d$", run(["squeue", "-h", "-j", jobs["long"], "-o", "%T %B"]))
    need(run(["squeue", "-h", "-j", jobs["held"], "-o", "%T %B"]).out == "PENDING n/a\n", jobs["held"])
    said = run(["squeue", "-h", "-j", "99999", "-o", "%T %B"], rc=1)
    need(said.err.startswith("slurm_load_jobs error: "), said)


@row("CY NI", "squeue -j IDS: exit code and first column")
def cylc(jobs):
    said = run(["squeue", "-h", "-j", f"{jobs['long']},{jobs['held']}"])
    need(sorted(line[0] for line in said.rows()) == sorted([jobs["long"], jobs["held"]]), said)
    said = run(["squeue", "-h", "-j", "99999"], rc=1)
    need(said.err.startswith(NOBODY) and not said.out, said)
    said = run(["squeue", "-h", "-j", "99998,99999"])
    need(not said.out and not said.err, said)


@row("TO", "squeue --format '%i %t %M'")
def toil(jobs):
    said = run(["squeue", "-h", "--format", "%i %t %M"])
    for line in said.lines:
        job, code, used = line.split()
        need(re.fullmatch(TIME, used), said)
    need(f"{jobs['long']} R " in said.out, said)


@row("NF", "squeue: exactly two columns")
def nextflow(jobs):
    said = run(["squeue", "--noheader", "-o", "%i %t", "-t", "all", "-p", "main", "-u", USER])
    need(all(len(line.split(" ")) == 2 for line in said.lines) and f"{jobs['finished']} CD" in said.lines, said)


@row("RF", "squeue: doubled percent signs, reasons")
def reframe(jobs):
    said = run(["squeue", "-h", "-j", jobs["long"], "-o", "%%i|%%T|%%N|%%r"])
    need(said.out == f"{jobs['long']}|RUNNING|worker-1|None\n", said)  # as the real one reads it
    need(run(["squeue", "-h", "-j", jobs["held"], "-o", "%r"]).out.startswith("JobHeld"), jobs)
    said = run(["squeue", "-h", "-j", f"{jobs['waits']},{jobs['long']}", "-o", "%A|%r"])
    need(f"{jobs['waits']}|Dependency" in said.lines and f"{jobs['long']}|None" in said.lines, said)


@row("PA", "squeue --job of several")
def parsl(jobs):
    said = run(["squeue", "--noheader", "--format=%i %t", "--job", f"{jobs['long']},{jobs['held']}"])
    need(dict(line.split() for line in said.lines) == {jobs["long"]: "R", jobs["held"]: "PD"}, said)


@row("BT", "squeue: short states")
def batchtools(jobs):
    queued = run(["squeue", "--noheader", "--format=%i", "-r", f"--user={USER}", "--states=PD,CF,RF,RH,RQ,SE"])
    need({jobs["held"], f"{jobs['array']}_3", f"{jobs['array']}_6"} <= set(queued.lines), queued)
    running = run(["squeue", "--noheader", "--format=%i", f"--user={USER}", "--states=R,S,CG,RS,SI,SO,ST"])
    need({jobs["long"], f"{jobs['array']}_1"} <= set(running.lines), running)


@row("ARC", "squeue: text around fields, lists of ids")
def arc(jobs):
    said = run(["squeue", "-a", "-h", "-o", "%i:%T", "-t", "all", "-j", f"{jobs['long']},{jobs['finished']}"])
    need(sorted(said.lines) == sorted([f"{jobs['long']}:RUNNING", f"{jobs['finished']}:COMPLETED"]), said)
    said = run(["squeue", "-a", "-h", "-t", "all", "-j", jobs["long"], "-o",
                "JobId=%i TimeUsed=%M Partition=%P JobState=%T ReqNodes=%D ReqCPUs=%C TimeLimit=%l Name=%j NodeList=%N"])
    need(re.fullmatch(rf"JobId={jobs['long']} TimeUsed={TIME} Partition=main JobState=RUNNING ReqNodes=1 ReqCPUs=1 TimeLimit=UNLIMITED "
                      r"Name=long NodeList=worker-\d\n", said.out), said)


@row("OOD", "squeue: fifty fields with a suffix each")
def ondemand(jobs):
    fields = ",".join(f"{name}:\x1f" for name in OOD_FIELDS)
    for literal in ("\\x1F", "\x1f"):
        said = run(["squeue", "--all", "--states=all", "--noconvert", "-u", USER, "-O", fields.replace("\x1f", literal)])
        need(all(line.count(literal) == 50 and line.endswith(literal) for line in said.lines), said, repr(literal))
    header, *lines = said.lines
    need(header.split("\x1f")[:2] == ["ACCOUNT", "JOBID"], said)
    jobs_read = [dict(zip(OOD_FIELDS, line.split("\x1f"))) for line in lines]
    job = next(one for one in jobs_read if one["JobID"] == jobs["long"])
    need(job["Account"] == "(null)" and job["StateCompact"] == "R" and job["Command"] == "(null)" and job["Sockets"] == "*" and
         job["tres-per-node"] == "N/A" and job["WorkDir"] == os.getcwd() and job["Name"] == "long", job)


@row("TU", "squeue: nineteen fields, --array")
def turm(jobs):
    said = run(["squeue", "--array", "--noheader", "-O", ",".join(f"{name}:###turm###" for name in TURM_FIELDS)])
    jobs_read = [dict(zip(TURM_FIELDS, line.split("###turm###"))) for line in said.lines]
    need(all(line.count("###turm###") == len(TURM_FIELDS) for line in said.lines), said)
    tasks = [one for one in jobs_read if one["ArrayJobID"] == jobs["array"]]
    need(sorted(one["ArrayTaskID"] for one in tasks) == list("123456") and
         all(one["stdout"] == os.getcwd() + "/arr_%A_%a.out" for one in tasks), tasks)


@row("ST", "squeue: arrays in fourteen letters")
def stui(jobs):
    array = jobs["array"]
    said = run("squeue -h --all --format=\"%A|%i|%F|%K|%C|%j|%P|%r|%u|%y|%T|%M|%b|%N\"")
    rows = [line.split("|") for line in said.lines]
    need(all(len(one) == 14 for one in rows), said)
    waiting = next(one for one in rows if one[2] == array and one[10] == "PENDING")
    need(waiting[:4] == [array, f"{array}_[3-6%2]", array, "3-6%1".replace("%1", "%2")] and waiting[12] == "N/A", waiting)
    first = next(one for one in rows if one[1] == f"{array}_1")
    need(first[2:4] == [array, "1"] and first[0].isdigit() and first[10] == "RUNNING", first)


@row("PQ", "squeue: a cut name, integer ids")
def pysqa(jobs):
    said = run(["squeue", "--format", "%A|%u|%t|%.15j|%Z", "--noheader"])
    read = {int(line.split("|")[0]): line.split("|")[1:] for line in said.lines}
    need(read[int(jobs["long"])] == [USER, "R", "           long", os.getcwd()], said)


@row("SF", "squeue: widths without separators")
def signac(jobs):
    said = run(["squeue", "-h", "-u", USER, "--format=%2t%100j"])
    need(all(len(line) == 102 for line in said.lines) and "R long" + " " * 96 in said.lines, said)


@row("SS", "squeue --me: quoted fields, SQUEUE_FORMAT")
def simple_slurm(jobs):
    fields = '"%i","%j","%t","%M","%L","%D","%C","%m","%b","%R"'
    header = '"JOBID","NAME","ST","TIME","TIME_LEFT","NODES","CPUS","MIN_MEMORY","TRES_PER_NODE","NODELIST(REASON)"'
    for said in (run(["squeue", "--me", "-o", fields]), run(["squeue", "--me"], env={"SQUEUE_FORMAT": fields})):
        need(said.lines[0] == header and any(line.startswith(f'"{jobs["long"]}","long","R"') for line in said.lines), said)


@row("PS", "squeue -O: columns of twenty")
def psij(jobs):
    said = run(["squeue", "-O", "JobArrayID,StateCompact,Reason", "-t", "all", "--me"])
    need(said.lines[0] == "JOBID".ljust(20) + "ST".ljust(20) + "REASON".ljust(20), said)
    need(any(line[:40] == jobs["long"].ljust(20) + "R".ljust(20) for line in said.lines), said)
    said = run(["squeue", "--me", "-o", "%i", "-h", "-r", "-t", "all"])
    need({jobs["long"], jobs["finished"]} <= set(said.lines), said)


@row("MA", "squeue: blank-split columns")
def maestro(jobs):
    said = run(["squeue", "-u", USER, "-t", "all", "--format=%.18i %.8j %.8u %.2t"])
    need(said.rows()[0] == ["JOBID", "NAME", "USER", "ST"] and any(one[0] == jobs["long"] and one[3] == "R" for one in said.rows()), said)


@row("AI", "squeue: a separator of its own, SLURM_TIME_FORMAT")
def aiida(jobs):
    fields = "%i^^^%t^^^%r^^^%B^^^%u^^^%D^^^%C^^^%R^^^%P^^^%l^^^%M^^^%S^^^%j^^^%V"
    for selection in (["-u" + USER], [f"--jobs={jobs['long']},{jobs['long']}"]):
        said = run(["squeue", "--noheader", "-o", fields, *selection], env={"SLURM_TIME_FORMAT": "standard"})
        need(not said.err, said)
        read = [line.split("^^^") for line in said.lines]
        long = next(one for one in read if one[0] == jobs["long"])
        need(len(long) == 14 and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", long[11]) and long[1] == "R", said)


@row("SKP", "squeue: by name")
def by_name(jobs):
    said = run(["squeue", "--format=%i|%T", "--states=all", "--noheader", "--name", "long"])
    need(said.out == f"{jobs['long']}|RUNNING\n", said)
    said = run("squeue --format=%i|%T --states=all --noheader --name long", rc=127)  # its own bug: a pipe into a command "%T"
    need("T: command not found" in said.err, said)


@row("SKC", "squeue --state")
def sidecar(jobs):
    said = run(["squeue", f"--user={USER}", "--format=%i,%T", "--state=all"])
    need(f"{jobs['long']},RUNNING" in said.lines and said.lines[0] == "JOBID,STATE", said)


@row("PU", "squeue -a -o '%A %t'")
def pulsar(jobs):
    said = run(["squeue", "-a", "-o", "%A %t", "-j", jobs["long"]])
    need(said.lines == ["JOBID ST", f"{jobs['long']} R"], said)


@row("CS", "squeue: groups of nodes")
def clustershell(jobs):
    said = run(["squeue", "-h", "-j", jobs["long"], "-o", "%N"])
    node = match(r"^worker-\d$", said)[0]
    need(jobs["long"] in run(["squeue", "-h", "-w", node, "-o", "%i"]).lines, said)
    need(jobs["long"] in run(["squeue", "-h", "-o", "%i", "-t", "R"]).lines, said)
    need(node in run(["squeue", "-h", "-u", USER, "-o", "%N", "-t", "R"]).lines, said)
    for option, letter in (("-A", "%a"), ("-q", "%q")):
        need(not run(["squeue", "-h", option, "nosuch", "-o", letter]).out, option)


@row("PR", "squeue: a blank before the format")
def prometheus(jobs):
    said = run(["squeue", "-a", "-r", "-h", "-o", "%A,%T,%r", "--states=all"])
    need(all(line.count(",") >= 2 for line in said.lines) and f"{jobs['long']},RUNNING,None" in said.lines, said)
    said = run(["squeue", "-a", "-r", "-h", "-o", " %A|%a|%T|%C"])
    need(f" {jobs['long']}|(null)|RUNNING|1" in said.lines, said)
    need(set(run(["squeue", "-o%P", "--states=PENDING"]).lines) == {"PARTITION", "main"}, said)


@row("RS DJ", "squeue -n, scancel -n")
def rslurm(_):
    job = run(["sbatch", "--parsable", "-J", "rslurm", "-H", "--wrap", "true"]).out.strip()
    need(job in run(["squeue", "-h", "-n", "rslurm"]).out, job)
    run(["scancel", "-n", "rslurm"])
    need(not run(["squeue", "-h", "-n", "rslurm"]).out, job)


@row("ON pestat", "squeue: suffixes of one blank")
def pestat(jobs):
    said = run(["squeue", "-t", "RUNNING", "-h", "-O", "State: ,JobID: ,JobArrayID: ,UserName: ,GroupName: ,Account: ,StartTime: ,EndTime: ,"
                "TimeUsed: ,Partition: ,NumNodes: ,tres-alloc: ,NodeList: ,Name:"])
    long = next(one for one in said.rows() if one[1] == jobs["long"])
    need(len(long) == 14 and long[0] == "RUNNING" and long[9] == "main" and long[11].startswith("cpu=1,mem=") and long[13] == "long", said)


@row("ON ST", "squeue: names in any case, widths, sorts")
def widths(jobs):
    need(run(["squeue", "-hO", "JobID", "-j", jobs["long"]]).out == jobs["long"].ljust(20) + "\n", jobs)
    need(run(["squeue", "-hO", "State:.", "-j", jobs["long"]]).out == "RUNNING\n", jobs)
    need(run(["squeue", "-hO", "JobID:10,Partition:14", "-j", jobs["long"]]).out == jobs["long"].ljust(10) + "main".ljust(14) + "\n", jobs)
    need(run(["squeue", "-hO", "Partition:200", "-j", jobs["long"]]).out == "main".ljust(200) + "\n", jobs)
    submitted = run(["squeue", "-h", "--sort=-V", "-o", "%V"]).lines
    need(submitted == sorted(submitted, reverse=True), submitted)
    run(["squeue", "-O", "tres-per-job"])
    said = run(["squeue", "-O", "Endtime", "-w", "worker-1"])
    need(said.lines[0].strip() == "END_TIME", said)
    run(["squeue", "-w", "worker-[1-2]"])
    said = run(["squeue", "-h", "-j", jobs["held"], "-O", "Username,Account,Partition: ,MaxCPUs,MaxNodes,Reason: "])
    need(said.rows()[0][:3] == [USER, "(null)", "main"], said)


@row("all", "squeue: every state")
def states(jobs):
    short = "PD R CA CF CG CD F TO NF S ST PR BF RV SE OOM DL".split()
    words = ("PENDING RUNNING COMPLETED CANCELLED FAILED TIMEOUT OUT_OF_MEMORY NODE_FAIL BOOT_FAIL DEADLINE PREEMPTED SUSPENDED STOPPED COMPLETING "
             "CONFIGURING REQUEUED RESIZING REVOKED SIGNALING SPECIAL_EXIT STAGE_OUT RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD").split()
    for word in short + words:
        said = run(["squeue", "-h", "-t", word, "-o", "%i %t %T"])
        need(all(word in line.split()[1:] for line in said.lines), said)
    need(jobs["long"] in run(["squeue", "-h", "-t", "R", "-o", "%i"]).lines, "R")


@row("all", "squeue: reasons")
def reasons(jobs):
    held = run(["sbatch", "--parsable", "--wrap", "true", "-H"]).out.strip()
    run(["scontrol", "hold", held])
    big = run(["sbatch", "--parsable", "-N3", "-n12", "-o", "/dev/null", "--wrap", "true"]).out.strip()
    behind = run(["sbatch", "--parsable", "-N3", "-n12", "-o", "/dev/null", "--wrap", "true"]).out.strip()
    never = run(["sbatch", "--parsable", "-d", f"afterok:{jobs['failed']}", "--wrap", "true"]).out.strip()
    for job, words in ((jobs["array"], {"JobArrayTaskLimit"}), (held, {"JobHeldAdmin", "JobHeldUser"}), (big, {"Resources"}),
                       (behind, {"Priority", "Resources"}), (never, {"DependencyNeverSatisfied"}), (jobs["long"], {"None"})):
        until(lambda: set(run(["squeue", "-h", "-j", job, "-o", "%r"]).lines) & words, f"{words} of {job}", 120)
    run(["scancel", held, big, behind, never])


@row("all", "squeue: errors")
def errors(_):
    said = run(["squeue", "-O", "bogus"])
    need(said.err == "squeue: error: Invalid job format specification: bogus\n", said)
    said = run(["squeue", "-t", "bogus"], rc=1)
    need("Invalid job state specified: bogus" in said.err and "PENDING" in said.err, said)
    said = run(["squeue", "-u", "nosuchuser"])
    need("Invalid user: nosuchuser" in said.err and len(said.lines) == 1, said)
