#conf: ReturnToService=1
#part: extra
#part: reboots
# shellcheck shell=bash
# A node that was booted, idle and with jobs, with ReturnToService=1.
reboots
