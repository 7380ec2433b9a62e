#part: nodes
# shellcheck shell=bash disable=SC2154
# sinfo --json, of nodes of all kinds: each member of each node on a line of its own.
cat >flat.py <<'END'
import json, re, sys
whole = json.load(sys.stdin)
print(json.dumps(whole["meta"]), json.dumps(whole["errors"]), sorted(whole))
for one in whole["nodes"]:
    for key, value in one.items():
        if key not in ("free_memory", "cpu_load"):
            print(one["name"], key, re.sub(r"\b1[0-9]{9}\b", "EPOCH", json.dumps(value)))
END
c "sinfo --json | python3 flat.py"
c "sinfo --json -t idle -n worker-1 -p off -h -i 1 | grep -c '\"hostname\"'"
c "sinfo --json | sed -E 's/\\b1[0-9]{9}\\b/EPOCH/g; s/(free_memory|cpu_load)\": [0-9]+/\1\": N/'"
clear_
