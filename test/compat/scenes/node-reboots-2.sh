#conf: ReturnToService=2
#part: extra
#part: reboots
# shellcheck shell=bash
# A node that was booted, idle and with jobs, with ReturnToService=2.
reboots 'the real one goes on with a job whose processes went with the boot; here it ends as on any lost node'
