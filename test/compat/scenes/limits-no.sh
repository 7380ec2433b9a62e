#conf: EnforcePartLimits=NO
#part: limits
# shellcheck shell=bash disable=SC2154
# What each limit of a partition does to a job that goes beyond it, with EnforcePartLimits=NO.
shows PartitionTimeLimit squeue -h -n time -o %r
for name in time fits default nodes less his closed mem over cpus account2; do seen $name; done
differs 'who waits behind others says Priority here; the real one says that nodes are down, drained or reserved'
seen deny
for name in two two2; do
	differs 'as above'
	seen $name
done
differs 'the real one says PartitionNodeLimit, though it is the group, and there is another partition'
seen two3
differs 'the first of the two has the group against it, the other the account: ours says the account'
seen two4
differs 'AllowAccounts without accounts: the real one looks at the account only when there is one'
seen account
clear_
