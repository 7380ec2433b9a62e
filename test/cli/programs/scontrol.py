"""scontrol, sinfo, scancel and the rest."""
import re

from cluster import ended, match, need, row, run, show, state, submit, until

NOBODY = "slurm_load_jobs error: Invalid job id specified"


def pairs(line):
    """Every word of a record in one line, as those read it who split at blanks."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


@row("SK7 SKC TO BL ARC SM GP PU", "scontrol show job")
def show_job(jobs):
    job = jobs["long"]
    need(match(r"JobState=(\w+)", run(["scontrol", "show", "jobid", "-dd", job]))[1] == "RUNNING", job)
    need(match(r"JobState=(\w+)", run(["scontrol", "show", "job", job]))[1] == "RUNNING", job)
    for words in (["scontrol", "-o", "show", "job", job], ["scontrol", "-do", "show", "job", job]):
        said = run(words)
        need(len(said.lines) == 1 and pairs(said.out)["JobId"] == job, said)
    records = [one for one in run(["scontrol", "show", "job"]).out.split("\n\n") if one.strip()]
    read = [[word.split("=", 1) for word in record.split() if "=" in word] for record in records]
    need(all(record.split("\n")[0].startswith("JobId=") for record in records) and {"JobId", "UserId", "ExitCode"} <= {key for one in read for key, _ in one},
         read)
    line = next(line for line in run(["scontrol", "show", "job", job]).lines if "ExitCode=" in line)
    need(re.fullmatch(r"   Requeue=\d Restarts=\d+ BatchFlag=\d Reboot=\d ExitCode=\d+:\d+", line), line)  # blahp counts words
    need(re.search(r"[Mm]em=\d+[MG]", run(["scontrol", "show", "job", job]).out), job)
    need("JOB_GRES=" in run(["scontrol", "show", "job", "-dd", job]).out, run(["scontrol", "show", "job", "-dd", job]))


@row("all", "scontrol show hostnames")
def hostnames(_):
    need(run(["scontrol", "show", "hostnames", "a3,a1,a3,b[08-11]"]).lines == "a3 a1 a3 b08 b09 b10 b11".split(), "")
    need(run(["scontrol", "show", "hostnames"], env={"SLURM_JOB_NODELIST": "n[1-2]"}).lines == ["n1", "n2"], "")


@row("CS ON", "scontrol show hostlist")
def hostlist(_):
    need(run(["scontrol", "show", "hostlist", "n3,n1,n2"]).out == "n[3,1-2]\n", run(["scontrol", "show", "hostlist", "n3,n1,n2"]))
    need(run(["scontrol", "show", "hostlistsorted", "n3,n1,n2"]).out == "n[1-3]\n", "")


@row("TO SKP OOD ARC PS", "scontrol show config")
def config(jobs):
    said = run(["scontrol", "show", "config"])
    read = {line[:23].strip(): line[26:].strip() for line in said.lines if line[23:26] == " = "}
    need(read["ClusterName"] == jobs["cluster"] and re.fullmatch(r"\d+ sec", read["SchedulerTimeSlice"]) and
         re.fullmatch(r"\d+ sec", read["AcctGatherNodeFreq"]) and re.fullmatch(r"\d+ sec", read["MinJobAge"]), said)
    need({"AccountingStoreFlags", "SLURM_VERSION", "MaxArraySize", "SchedulerParameters", "MaxJobCount", "JobContainerType"} <= set(read), said)


@row("RF OOD SKP", "scontrol show partitions")
def partitions(_):
    for words in (["-a", "show", "-o", "partitions"], ["show", "part", "-o"]):
        said = run(["scontrol", *words])
        need(len(said.lines) == 1 and all(re.match(r"^\w+=.+$", word) for word in said.out.split()), said)
        one = pairs(said.out)
        need(one["PartitionName"] == "main" and one["Default"] == "YES" and one["State"] == "UP" and one["TotalNodes"] == "3" and
             one["TRES"] == "cpu=12,mem=6000M,node=3,billing=12", said)
    need("PartitionName=main" in run(["scontrol", "show", "partition"]).out, "")


@row("RF GP ARC ON", "scontrol show nodes")
def nodes(_):
    said = run(["scontrol", "-a", "show", "-o", "nodes"])
    read = [pairs(line) for line in said.lines]
    need([one["NodeName"] for one in read] == ["worker-1", "worker-2", "worker-3"] and read[0]["Partitions"] == "main" and
         all(re.fullmatch(r"[A-Z]+(\+[A-Z_]+)*", one["State"]) for one in read) and "ActiveFeatures" in read[0], said)
    need({"CPUTot", "OS", "Sockets", "RealMemory", "State", "Arch"} <= set(read[0]), read[0])
    lines = [line.strip() for line in run(["scontrol", "show", "node", "worker-1"]).lines]
    need(any(line.startswith("CfgTRES=cpu=4,mem=2000M") for line in lines) and any(line.startswith("AllocTRES=") for line in lines), lines)
    need(len(run(["scontrol", "show", "node", "--oneliner"]).lines) == 3, "")
    run(["scontrol", "update", "NodeName=worker-3", "State=DRAIN", "Reason=programs"])
    need(pairs(run(["scontrol", "-a", "show", "-o", "nodes", "worker-3"]).out)["State"].endswith("+DRAIN"), "")
    run(["scontrol", "update", "NodeName=worker-3", "State=RESUME"])


@row("RF CS", "scontrol show reservations")
def reservations(_):
    said = run(["scontrol", "-a", "show", "-o", "reservations"])
    need(said.out == "No reservations in the system\n", said)


@row("RF CS ON", "scontrol create reservation")
def create_reservation(_):
    run(["scontrol", "create", "reservation", "ReservationName=maint", "StartTime=now", "Duration=10", "Nodes=worker-3", "Flags=MAINT,IGNORE_JOBS",
         "Users=root"])
    one = pairs(run(["scontrol", "-a", "show", "-o", "reservations", "maint"]).out)
    need(one["ReservationName"] == "maint" and one["Nodes"] == "worker-3" and "MAINT" in one["Flags"].split(","), one)
    run(["scontrol", "delete", "ReservationName=maint"])


@row("OOD SI BL TU ON", "scontrol hold, release, suspend, update")
def verbs(_):
    job = submit("-H", "-o", "/dev/null", script="#!/bin/sh\nexec sleep 600\n")
    run(["scontrol", "update", f"JobId={job}", "TimeLimit=10", "Nice=5"])
    run(["scontrol", "update", f"JobId={job}", "Priority=0"])
    need(show(job)["TimeLimit"] == "00:10:00", show(job))
    run(["scontrol", "release", job])
    until(lambda: state(job) == "RUNNING", f"the start of {job}")
    run(["scontrol", "suspend", job])
    need(state(job) == "SUSPENDED", job)
    run(["scontrol", "resume", job])
    need(state(job) == "RUNNING", job)
    run(["scancel", job])
    need(ended(job).startswith("CANCELLED"), job)
    said = run(["scontrol", "hold", "99999"], rc=1)
    need("Invalid job id specified" in said.err, said)  # which OOD looks for


@row("ON", "scontrol listpids")
def listpids(_):
    job = submit("-o", "/dev/null", script="#!/bin/sh\nsleep 600\n")
    until(lambda: state(job) == "RUNNING", f"the start of {job}")
    # Each of its hosts is asked by itself; here they are all one.
    said = run(["scontrol", "listpids", job], env={"SLURMD_NODENAME": show(job)["BatchHost"]})
    need(said.lines[0].split() == ["PID", "JOBID", "STEPID", "LOCALID", "GLOBALID"] and
         any(one[0].isdigit() and one[1] == job for one in said.rows()[1:]), said)
    run(["scancel", job])


@row("BL ON", "scontrol write batch_script, ping")
def write(jobs):
    need(run(["scontrol", "write", "batch_script", jobs["long"], "-"]).out == "#!/bin/sh\nexec sleep 600\n", jobs)
    match(r"^Slurmctld\(primary\) at \S+ is UP$", run(["scontrol", "ping"]))


@row("all", "scontrol: what isn't there")
def unknown(_):
    need(run(["scontrol", "show", "job", "99999"], rc=1).err.startswith(NOBODY), "")
    need(run(["scontrol", "show", "node", "nosuch"], rc=1).out == "Node nosuch not found\n", "")
    need(run(["scontrol", "show", "partition", "nosuch"], rc=1).out == "Partition nosuch not found\n", "")
    said = run(["scontrol", "hold", "99999"], rc=1)
    need("Invalid job id specified for job 99999" in said.err + said.out and "slurm_suspend error: Invalid job id specified" in said.err, said)


# ---- sinfo


@row("SK7 SKP ON", "sinfo -o %P")
def names(_):
    need(run(["sinfo", "-o", "%P"]).lines == ["PARTITION", "main*"], "")
    need(run(["sinfo", "-o", "%P", "--hide"]).lines == run(["sinfo", "-o", "%P", "--all"]).lines, "")


@row("CS", "sinfo: groups of nodes")
def groups(_):
    need(run(["sinfo", "-h", "-o", "%N", "-p", "main"]).out == "worker-[1-3]\n" or
         len(run(["sinfo", "-h", "-o", "%N", "-p", "main"]).lines) > 1, "")
    need(run(["sinfo", "-h", "-o", "%R"]).out.split()[0] == "main", "")
    for one in run(["sinfo", "-h", "-o", "%T"]).lines:
        run(["sinfo", "-h", "-o", "%N", "-t", one])
    match(r"^main\|\w+$", run(["sinfo", "-h", "-N", "-o", "%R|%T", "-n", "worker-1"]))


@row("OOD", "sinfo: four numbers, names of columns, any bytes")
def numbers(_):
    said = run(["sinfo", "-aho", "%F/%C"])
    need(re.fullmatch(r"\d+/\d+/\d+/3/\d+/\d+/\d+/12\n", said.out), said)
    said = run(["sinfo", "-ahNO", "nodehost:100,gres:512,gresused:512,statelong"])
    need(len(said.lines) == 3 and all(len(line) == 100 + 512 + 512 + 20 for line in said.lines), said)
    said = run(["sinfo", "-ho", "\x1e%c\x1f%n\x1f%f"])
    need([one.split("\x1f")[0] for one in said.out.split("\x1e")[1:]] == ["4"] * (said.out.count("\x1e")), said)


@row("PR", "sinfo: the exporter's")
def exporter(_):
    need(re.fullmatch(r"\d+/\d+/\d+/12\n", run(["sinfo", "-h", "-o", "%C"]).out), "")
    for line in run(["sinfo", "-h", "-o %D,%T"]).lines:
        count, word = line.split(",")
        need(count.strip().isdigit() and re.match(r"mixed|allocated|idle|drain|down|comp", re.sub(r"[^a-z]", "", word)), line)
    said = run(["sinfo", "-h", "-N", "-O", "NodeList,AllocMem,Memory,CPUsState,StateLong"])
    need(all(len(line) == 100 and len(line.split()) == 5 for line in said.lines), said)
    need(run(["sinfo", "-h", "-o%R,%C"]).out.startswith("main,"), "")
    need(run(["sinfo", "-h", "-o", "%n %G"]).rows()[0][1] == "(null)", "")


@row("ARC", "sinfo: text around fields")
def arc(_):
    said = run(["sinfo", "-a", "-h", "-o", "PartitionName=%P TotalCPUs=%C TotalNodes=%D MaxTime=%l DefTime=%L NodeNames=%N"])
    one = pairs(said.lines[0])
    need(one["PartitionName"] == "main*" and one["MaxTime"] == "infinite" and one["DefTime"] == "n/a", said)
    match(r"^cpuinfo=\d+/\d+/\d+/\d+$", run(["sinfo", "-a", "-h", "-o", "cpuinfo=%C"]))


@row("TO+", "sinfo -o '%P %G %l %p %c %m'")
def toil(_):
    said = run(["sinfo", "-a", "-o", "%P %G %l %p %c %m"])
    need(said.lines == ["PARTITION GRES TIMELIMIT PRIO_TIER CPUS MEMORY", "main* (null) infinite 1 4 2000"], said)


@row("GP", "sinfo: one partition, wide columns, -V")
def gpustat(_):
    need("main*" in run(["sinfo", "--noheader", "--partition=main"]).out, "")
    said = run(["sinfo", "-o", "%1000N|%1000G", "--noheader"])
    need(all(len(line) == 2001 and line[1000] == "|" for line in said.lines), said)
    match(r"^slurm(-wlm)? 22\.05\.8$", run(["sinfo", "-V"]))


@row("ON", "sinfo: pestat and its like")
def pestat(_):
    said = run(["sinfo", "-h", "-N", "-O", "NodeList:30,Partition:30,CPUsState:30,CPUsLoad:30,Memory:30,FreeMem:30,StateCompact:30,Threads:30,"
                "Gres:30,GresUsed:30"])
    need(all(len(line) == 300 and len(line.split()) == 10 for line in said.lines) and len(said.lines) == 3, said)
    need(run(["sinfo", "-h", "-N", "-O", "NodeList:10 ,StateCompact:4"]).lines[0].startswith("worker-1  "), "")
    for words in (["--exact"], ["--federation"], ["-t", "down,fail,unknown"], ["-N", "-n", "worker-[1-2]"], ["-R"], ["-lR"], ["-O", "GRES"]):
        run(["sinfo", *words])


@row("ST", "sinfo --format=%R")
def partition_names(_):
    need(set(run(["sinfo", "--format=%R", "--noheader", "--all"]).lines) == {"main"}, "")


# ---- scancel


@row("all BT PA TU PS SI", "scancel: ids, names, users, signals")
def cancel(_):
    a, b, c = (submit("-H", "-J", "cancelled", "--wrap", "true") for _ in range(3))
    run(["scancel", a, b])
    need(state(a).startswith("CANCELLED") and state(b).startswith("CANCELLED"), a)
    run("squeue -h -n cancelled -o %i | xargs scancel")
    need(state(c).startswith("CANCELLED"), c)
    said = run(["scancel", "99999"])
    need(not said.out + said.err, said)
    said = run(["scancel", "-v", "99999"])
    need("scancel: error: Kill job error on job id 99999: Invalid job id specified\n" in said.err, said)
    need(not run(["scancel", "-Q", "99999"]).err, "")


@row("SI TU", "scancel ID --signal")
def cancel_signal(_):
    job = submit("-o", "cancel-signal", script="""#!/bin/bash
srun --unbuffered bash -c 'trap "echo usr2" USR2; trap "echo term; exit" TERM; echo ready; while :; do sleep 0.1; done'
""")

    def has(word):
        try:
            with open("cancel-signal", encoding="utf-8") as file:
                return word in file.read()
        except FileNotFoundError:
            return False
    until(lambda: has("ready"), "the task's start")
    run(["scancel", job, "--signal", "USR2"])
    until(lambda: has("usr2"), "USR2 at the task")
    run(["scancel", job, "--signal", "SIGTERM"])
    until(lambda: has("term"), "SIGTERM at the task")
    ended(job)
    job = submit("-o", "/dev/null", script="#!/bin/sh\nexec sleep 600\n")
    until(lambda: state(job) == "RUNNING", "a job to signal")
    run(["scancel", "--signal", "CONT", job])
    need(state(job) == "RUNNING", job)
    run(["scancel", job])


@row("all", "scancel: a task of an array")
def cancel_task(_):
    job = submit("-H", "-a", "1-3", "--wrap", "true")
    run(["scancel", f"{job}_2"])
    need(run(["squeue", "-h", "-r", "-j", job, "-o", "%i"]).lines == [f"{job}_1", f"{job}_3"], job)
    run(["scancel", job])


@row("BT PA", "scancel --clusters")
def cancel_cluster(jobs):
    job = submit("-H", "--wrap", "true")
    run(["scancel", f"--clusters={jobs['cluster']}", job])
    need(state(job).startswith("CANCELLED"), job)


# ---- sdiag


@row("PR", "sdiag: the exporter's lines")
def sdiag(_):
    said = run(["sdiag"])

    def value(pattern, which=0):
        found = [line.split(":", 1)[1].strip() for line in said.lines if re.match(pattern, line)]
        need(len(found) > which and re.fullmatch(r"\d+", found[which]), said, pattern)
    for pattern in (r"^Server thread", r"^Agent queue", r"^DBD Agent", r"^[\s]+Last cycle:", r"^[\s]+Mean cycle:",
                    r"^[\s]+Total backfilled jobs \(since last slurm start\):", r"^[\s]+Total backfilled jobs \(since last stats cycle start\):",
                    r"^[\s]+Total backfilled heterogeneous job components"):
        value(pattern)
    value(r"^[\s]+Last cycle:", 1)
    # These stand there once the scheduler has run for a while.
    for pattern in (r"^[\s]+Cycles per minute:", r"^[\s]+Depth Mean:"):
        found = [line for line in said.lines if re.match(pattern, line)]
        need(all(re.search(r":\s*\d+$", line) for line in found), said, pattern)
