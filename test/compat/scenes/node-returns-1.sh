#conf: ReturnToService=1
#part: extra
#part: returns
# shellcheck shell=bash
# A node that was lost, set down or drained, and whose slurmd comes back, with ReturnToService=1.
lost idle
set_down down
drained
