# shellcheck shell=bash disable=SC2154
# sbcast -j of a task of an array.
sub arr -a 3-4 -o /dev/null --wrap "'sleep 500'"
until_true 30 _is "${arr}_3" %t R
until_true 30 _is "${arr}_4" %t R
node() { squeue -h -j "$1" -o %N; }
c "sbcast -v -j ${arr}_4 /etc/passwd /tmp/x4 2>&1 | grep -E 'jobid|node_list' | sed 's/$(node "${arr}_4")/its own/'"
differs "a file for a task goes to that task's node; there to the node of whoever has the array's own number"
c "sbcast -v -j ${arr}_3 /etc/passwd /tmp/x3 2>&1 | grep -E 'jobid|node_list' | sed 's/$(node "${arr}_3")/its own/;s/worker-./of another/'"
differs "a task that isn't there is refused"
c "sbcast -j ${arr}_9 /etc/passwd /tmp/x9"
c "sbcast -j ${arr}_3.7 /etc/passwd /tmp/x"
c "sbcast -j 4999_3 /etc/passwd /tmp/x"
c "sbcast -j '${arr}_[3-4]' /etc/passwd /tmp/x"
c "sbcast -j ${arr}_x /etc/passwd /tmp/x"
clear_
