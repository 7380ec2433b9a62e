#conf: ReturnToService=0
#part: extra
#part: returns
# shellcheck shell=bash
# A node that was lost, set down or drained, and whose slurmd comes back, with ReturnToService=0.
lost down
set_down down
drained
