#cpus: 2
#part: jobs
# shellcheck shell=bash disable=SC2154
# squeue --json, of jobs of all kinds: every member, one after the other.
for key in $(squeue --json | grep -oE '^      "[a-z_]+"' | tr -d ' "' | sort -u); do
	c "squeue --json | python3 -c 'import json,sys; [print(x[\"job_id\"], json.dumps(x[\"$key\"])) for x in json.load(sys.stdin)[\"jobs\"]]' | sed -E 's/\\b1[0-9]{9}\\b/EPOCH/g'"
done
c "squeue --json | python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin)[\"meta\"]))'"
c "squeue --json -t PD -u nosuch -j $runs -h -o %i -l | grep -c job_id"
c "squeue --json | sed -E 's/\\b1[0-9]{9}\\b/EPOCH/g'"
clear_
