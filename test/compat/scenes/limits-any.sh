#live: the harness itself is to be seen to work
#conf: EnforcePartLimits=ANY
#part: limits
# shellcheck shell=bash disable=SC2154
# What each limit of a partition does to a job that goes beyond it, with EnforcePartLimits=ANY.
shows Priority squeue -h -n default -o %r
for name in fits default closed; do seen $name; done
for name in two two2; do
	differs 'who waits behind others says Priority here; the real one says that nodes are down, drained or reserved'
	seen $name
done
clear_
