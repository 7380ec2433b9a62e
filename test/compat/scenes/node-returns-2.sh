#conf: ReturnToService=2
#part: extra
#part: returns
# shellcheck shell=bash
# A node that was lost, set down or drained, and whose slurmd comes back, with ReturnToService=2.
lost idle
set_down idle
drained
