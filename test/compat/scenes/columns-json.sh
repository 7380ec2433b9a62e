#conf: MinJobAge=301
#cpus: 2
#part: jobs
# shellcheck shell=bash disable=SC2154
# squeue --json, of jobs of all kinds: each member of each job on a line of its own.
cat >flat.py <<'END'
import json, re, sys
whole = json.load(sys.stdin)
print(json.dumps(whole["meta"]), json.dumps(whole["errors"]), sorted(whole))
for one in whole["jobs"]:
    for key, value in one.items():
        if one["name"] == "gone" and key in ("cpus", "tasks"):
            continue  # the real one forgets them when it cancels a job that waits
        if one["name"] in ("done", "bad") and key == "job_resources":
            continue  # which core it had is chance there
        if one["name"] == "arr" and key == "accrue_time":
            continue  # the real one begins it at the second try
        if one["name"] == "runs" and key == "job_resources":
            del value["allocated_cores"]  # here all that it has; there those that it asked for
        if key == "pre_sus_time":
            continue  # seconds that it ran before it was suspended
        if one["state_reason"] in ("Resources", "Priority") and key in ("start_time", "end_time"):
            continue  # whether it was planned already is chance there
        print(one["name"], key, re.sub(r"\b1[0-9]{9}\b", "EPOCH", json.dumps(value)))
END
c "squeue --json | python3 flat.py"
c "squeue --json -t PD -u nosuch -j 4001 -h -o %i -i 1 | grep -c job_state"
c "squeue --json | sed -E 's/\\b1[0-9]{9}\\b/EPOCH/g' | head -n 150"
clear_
