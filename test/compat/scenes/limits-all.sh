#conf: EnforcePartLimits=ALL
#part: limits
# shellcheck shell=bash disable=SC2154
# What each limit of a partition does to a job that goes beyond it, with EnforcePartLimits=ALL.
shows Priority squeue -h -n default -o %r
for name in fits default closed; do seen $name; done
clear_
