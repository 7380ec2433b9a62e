"""sacctmgr, sreport and sshare: accounts, of which there are none."""
import getpass

from cluster import Refused, need, row, run

NO_ACCOUNTS = "You are not running a supported accounting_storage plugin\nOnly 'accounting_storage/slurmdbd' is supported.\n"


@row("SK7 SKP OOD ON JS", "sacctmgr")
def sacctmgr(_):
    for words in (["-n", "-s", "list", "user", "root", "format=account%20"], ["-n", "-s", "list", "user", "root", "format=account%256"],
                  ["-nP", "show", "users", "withassoc", "format=account,qos", "where", "user=root", "cluster=c"],
                  ["-p", "-n", "show", "assoc", "where", "users=root"], ["-n", "-p", "show", "account"], ["-n", "-p", "show", "qos"],
                  ["--noheader", "show", "qos", "format=name"],
                  ["show", "event", "Start=now-7days", "Format=NodeName,TimeStart%20,Duration,State%-6,Reason%-40"],
                  ["-i", "update", "job", "jobid=1", "set", "AdminComment=x"]):
        said = run(["sacctmgr", *words], rc=1)
        need(said.err == NO_ACCOUNTS and not said.out, said)


@row("all", "sacctmgr, sreport: versions and help")
def versions(_):
    need(run(["sacctmgr", "-V"]).out == "slurm 22.05.8\n", "")
    need(run(["sreport", "--help"]).out.startswith("Usage: sreport "), "")
    need(run(["sreport", "cluster", "utilization"], rc=1).err == NO_ACCOUNTS, "")


@row("SKP ON", "sshare")
def sshare(_):
    need(not run(["sshare", "-U", "--format", "Account%256", "--noheader"]).out, "")
    run(["sshare", "-lUm", "-u", "root"])
    need(run(["sshare", "-P", "-o", "account,User,fairshare"]).out == "Account|User|FairShare\n", "")
    need(run(["sshare", "-p", "-o", "account,user"]).out == "Account|User|\n", "")
    need(run(["sshare", "-u", getpass.getuser(), "-o", "Account%12,User"]).out ==
         "     Account       User \n------------ ---------- \n", "")


@row("all", "sshare: mistakes")
def mistakes(_):
    for words, wanted in ((["-o", "bogus"], 'sshare: error: Invalid field requested: "bogus"\n'),
                          (["-o", "user%99999999999"], 'sshare: error: Invalid field requested: "user"\n'),
                          (["-x"], "sshare: invalid option -- 'x'\n")):
        said = run(["sshare", *words], rc=1)
        need(said.err.startswith(wanted), said)
    said = run(["sshare", "-M", "other"], rc=1)
    need("sshare: error: 'other' can't be reached now, or it is an invalid entry for --cluster." in said.err, said)


@row("all", "scontrol show assoc_mgr")
def assoc_mgr(_):
    said = run(["scontrol", "show", "assoc_mgr", f"users={getpass.getuser()}"])
    need(said.out.startswith("Current Association Manager state") and "No users currently cached" in said.out, said)
