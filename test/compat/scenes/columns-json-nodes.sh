#part: nodes
# shellcheck shell=bash disable=SC2154
# sinfo --json, of nodes of all kinds: every member, one after the other.
for key in $(sinfo --json | grep -oE '^      "[a-z_]+"' | tr -d ' "' | sort -u); do
	case $key in free_memory | cpu_load) continue ;; esac
	c "sinfo --json | python3 -c 'import json,sys; [print(x[\"name\"], json.dumps(x[\"$key\"])) for x in json.load(sys.stdin)[\"nodes\"]]' | sed -E 's/\\b1[0-9]{9}\\b/EPOCH/g'"
done
c "sinfo --json | python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin)[\"meta\"]))'"
c "sinfo --json -t idle -n worker-1 -p off -h | grep -c hostname"
c "sinfo --json | sed -E 's/\\b1[0-9]{9}\\b/EPOCH/g; s/(free_memory|cpu_load)\": [0-9]+/\1\": N/'"
clear_
