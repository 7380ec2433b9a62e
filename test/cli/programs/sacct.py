"""sacct."""
import datetime
import getpass
import re

from cluster import match, need, row, run

USER = getpass.getuser()
TODAY = datetime.date.today().isoformat()
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@row("SI", "sacct: -j again and again")
def submitit(jobs):
    said = run(["sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", jobs["finished"], "-j", jobs["failed"], "-j", jobs["array"]])
    header, *lines = [line.split("|") for line in said.lines]
    need(header == ["JobID", "State", "NodeList"], said)
    states = {one[0]: one[1] for one in lines if "." not in one[0]}
    need(states[jobs["finished"]] == "COMPLETED" and states[jobs["failed"]] == "FAILED", states)
    ids = [one for one in states if one.startswith(jobs["array"])]
    need(all(re.fullmatch(r"\d+_(\d+|\[[\d,-]+(%\d+)?\])", one) for one in ids) and f"{jobs['array']}_[3-6%2]" in ids, ids)


@row("RF", "sacct: times in seconds")
def reframe(jobs):
    said = run(["sacct", "-S", TODAY, "-P", "-j", f"{jobs['finished']},{jobs['long']},{jobs['cancelled']}", "-o",
                "jobid,state,exitcode,end,nodelist"], env={"SLURM_TIME_FORMAT": "%s"})
    found = {one["id"]: one for one in re.finditer(r"^(?P<id>\d+(?:\+\d+|_(?:\d+|\[.*\]))?)\|(?P<state>\S+)([^|]*)\|(?P<rc>\d+):(?P<sig>\d+)\|"
                                                   r"(?P<end>\S+)\|(?P<nodes>.*)$", said.out, re.MULTILINE)}
    need(found[jobs["finished"]]["end"].isdigit() and found[jobs["long"]]["end"] == "Unknown", said)
    need(found[jobs["cancelled"]]["state"] == "CANCELLED", said)
    match(rf"^{jobs['cancelled']}\|CANCELLED by \d+\|", said, flags=re.MULTILINE)


@row("SK7", "sacct: a dict by raw id")
def snakemake7(jobs):
    said = run(["sacct", "-P", "-n", "--format=JobIdRaw,State", "-j", jobs["finished"]])
    states = dict(line.split("|") for line in said.lines)
    need(states[jobs["finished"]] == "COMPLETED", said)


@row("SKP", "sacct: by name over two days")
def plugin(jobs):
    for clusters in ([], ["--clusters", "all"]):
        start = (datetime.datetime.now() - datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:00")
        said = run(["sacct", "-X", "--parsable2", *clusters, "--noheader", "--format=JobIdRaw,State", "--starttime", start, "--endtime", "now",
                    "--name", "finished"])
        need(said.out == f"{jobs['finished']}|COMPLETED\n", said)


@row("SK7 SKP", "sacct: the account of a user")
def account(_):
    need(run(f"sacct -nu {USER} -o Account%20 | head -n1").out.strip() == "", USER)
    need(run(f"sacct -nu {USER} -o Account%256 | tail -1").out == " " * 257 + "\n", USER)


@row("ARC", "sacct: the batch step")
def arc(jobs):
    said = run(["sacct", "-j", jobs["finished"] + ".batch", "-o", "NCPUS,Start,End,UserCPU,SystemCPU", "-P", "-n"])
    need(re.fullmatch(rf"\d+\|{STAMP}\|{STAMP}\|[\d:.]+\|[\d:.]+\n", said.out), said)
    need(run(["sacct", "-j", jobs["failed"], "-o", "ExitCode", "-P", "-n"]).lines[0] == "3:0", jobs)


@row("TO TO+", "sacct: exit codes and signals")
def toil(jobs):
    ids = f"{jobs['failed']},{jobs['killed']}"
    for end in ([], ["-E", "now"]):
        said = run(["sacct", "-n", "-j", ids, "--format", "JobIDRaw,State,ExitCode", "-P", "-S", "1970-01-01", *end])
        codes = {}
        for line in said.lines:
            job, _, code = line.split("|")
            status, signal = (int(one) for one in code.split(":"))
            if "." not in job:
                codes[job] = 128 + signal if signal else status
        need(codes == {jobs["failed"]: 3, jobs["killed"]: 137}, said, codes)


@row("PA", "sacct: presence, then states of twenty")
def parsl(jobs):
    run(["sacct", "-X"])
    said = run(["sacct", "-X", "--noheader", "--format=jobid,state%20", "--job", f"{jobs['finished']},{jobs['failed']}"])
    need(dict(line.split() for line in said.lines) == {jobs["finished"]: "COMPLETED", jobs["failed"]: "FAILED"}, said)
    job = run(["sbatch", "--parsable", "-H", "--wrap", "true"]).out.strip()
    need(job in run(["sacct", "-X", "--noheader", "--format=jobid,state%20", "--job", job]).out, job, "a job is listed at once")
    run(["scancel", job])


@row("SKC", "sacct -b")
def brief(jobs):
    need(run(["sacct", "-P", "-b", "-j", jobs["failed"], "-n"]).lines[0] == f"{jobs['failed']}|FAILED|3:0", jobs)


@row("MA", "sacct: two header lines")
def maestro(jobs):
    said = run(["sacct", "-u", USER, f"--jobs={jobs['finished']},{jobs['failed']}", "--format=jobid,jobname,state,exitcode"])
    names, dashes, *lines = said.rows()
    need(names == ["JobID", "JobName", "State", "ExitCode"] and set("".join(dashes)) == {"-"} and
         [jobs["finished"], "finished", "COMPLETED", "0:0"] in lines, said)


@row("OOD", "sacct: a separator of its own, units, times")
def ondemand(jobs):
    names = ("User,Group,JobId,JobName,Elapsed,ReqMem,AllocCPUS,ReqCPUS,Timelimit,State,TotalCPU,MaxRSS,Partition,Submit,Start,End,"
             "ReqTRES").split(",")
    said = run(["sacct", "-P", "--delimiter", "\x1f", "-n", "--units", "G", "--allocations", "-o", ",".join(names), "--state", "CD,CA", "-S",
                "now-1hour", "-E", "now"])
    read = {one["JobId"]: one for one in (dict(zip(names, line.split("\x1f"))) for line in said.lines)}
    need(jobs["finished"] in read, said)
    one = read[jobs["finished"]]
    need(one["User"] == USER and one["ReqMem"] == "0.20G" and one["State"] == "COMPLETED" and re.fullmatch(r"[\d:]+", one["Elapsed"]), one)
    need(jobs["failed"] not in read and read[jobs["cancelled"]]["State"].startswith("CANCELLED"), said)
    need(one["ReqTRES"].startswith("billing="), one)


@row("RE", "sacct: --helpformat, a delimiter at the end")
def reportseff(jobs):
    known = run(["sacct", "--helpformat"]).out.split()
    wanted = "AdminComment AllocCPUS Elapsed JobID JobIDRaw MaxRSS NNodes REQMEM State TotalCPU Timelimit".split()
    need({one.lower() for one in wanted} <= {one.lower() for one in known}, known)
    said = run(["sacct", "--parsable", "-n", "--delimiter=^|^", "--format=" + ",".join(wanted), "--user", USER, "--starttime", TODAY,
                "--partition", "main", f"--jobs={jobs['finished']}"])
    need(all(line.endswith("^|^") and len(line.split("^|^")) == len(wanted) + 1 for line in said.lines) and said.lines, said)
    run(["sacct", "--parsable", "-n", "--allusers", "--format=JobID", "--endtime", "now", "--cluster", jobs["cluster"]])


@row("AI", "sacct: every field of --helpformat")
def aiida(jobs):
    said = run("sacct --format=$(sacct --helpformat | tr '\\n' ' ' | tr -s ' ' ',' | sed 's/,$//') --parsable --jobs=" + jobs["finished"])
    fields = run(["sacct", "--helpformat"]).out.split()
    need(all(line.count("|") == len(fields) for line in said.lines) and len(said.lines) >= 3, said)


@row("SM", "sacct --fields")
def mail(jobs):
    fields = ("JobId,User,Group,Partition,Account,Start,End,State,ReqMem,MaxRSS,NCPUS,CPUTimeRaw,TotalCPU,NNodes,WorkDir,Elapsed,ExitCode,"
              "AdminComment,Comment,Cluster,NodeList,TimeLimit,TimelimitRaw,JobIdRaw,AllocTRES,JobName")
    said = run(["sacct", "-j", jobs["finished"], "-P", "-n", f"--fields={fields}"])
    one = dict(zip(fields.split(","), said.lines[0].split("|")))
    need(one["JobName"] == "finished" and one["Comment"] == "a b" and one["Cluster"] == jobs["cluster"] and
         one["AllocTRES"].startswith("billing="), one)


@row("BL", "sacct --noconvert")
def blahp(jobs):
    said = run(["sacct", "-j", jobs["finished"], "--noconvert", "-P", "--format", "JobID,UserCPU,SystemCPU,MaxRSS,ExitCode,AllocCPUS"])
    header, *lines = [line.split("|") for line in said.lines]
    steps = [dict(zip(header, one)) for one in lines]
    need([one["JobID"] for one in steps][:2] == [jobs["finished"], jobs["finished"] + ".batch"] and steps[0]["ExitCode"] == "0:0", said)


@row("JS ON", "sacct: jobstats, -V, -B")
def jobstats(jobs):
    said = run(["sacct", "-P", "-X", "-o", "jobidraw,start,end,cluster,alloctres,admincomment,user,account,state,nnodes,ncpus,reqmem,qos,"
                "partition,timelimitraw,jobname", "-j", jobs["finished"]])
    need(said.lines[0].startswith("JobIDRaw|Start|End|Cluster|") and said.lines[1].endswith("|finished"), said)
    need(run(["sacct", "-V"]).out == "slurm 22.05.8\n", "")
    said = run(["sacct", "-j", jobs["finished"], "-B"])
    need("srun -n2 true" in said.out, said)


@row("PR", "sacct: Allocgres")
def prometheus(_):
    said = run(["sacct", "-a", "-X", "--format=Allocgres", "--state=RUNNING", "--noheader", "--parsable2"], rc=None)
    # 22.05 has this field no more: it says so, and the exporter counts none.
    need(said.rc == 1 and 'Invalid field requested: "Allocgres"' in said.err, said)


@row("SI TO", "sacct: an unknown job")
def unknown(_):
    said = run(["sacct", "-j", "99999", "-P", "-o", "JobID,State"])
    need(said.out == "JobID|State\n" and not said.err, said)
    need(run(["sacct", "-n", "-j", "99999", "-P"]).out == "", said)


@row("all", "sacct: a bad field")
def bad_field(_):
    said = run(["sacct", "-o", "bogus"], rc=1)
    need('Invalid field requested: "bogus"' in said.err, said)


@row("all", "sacct: steps, tasks of arrays, columns of steps")
def steps(jobs):
    said = run(["sacct", "-n", "-P", "-j", jobs["finished"], "-o", "JobID,MaxRSS,TotalCPU,Elapsed,ReqMem,State"])
    read = {line.split("|")[0]: line.split("|")[1:] for line in said.lines}
    job = jobs["finished"]
    need(set(read) == {job, f"{job}.batch", f"{job}.0"}, read)
    need(read[job][0] == "" and re.fullmatch(r"(\d+-)?(\d+:)?\d\d:\d\d(\.\d{3})?", read[job][1]) and re.fullmatch(r"\d\d:\d\d:\d\d", read[job][2]) and
         read[job][3] == "200M", read)
    said = run(["sacct", "-n", "-X", "-P", "-j", f"{jobs['array']}_1", "-o", "JobID,JobIDRaw"])
    shown, raw = said.out.strip().split("|")
    need(shown == f"{jobs['array']}_1" and raw.isdigit() and "_" not in raw, said)
