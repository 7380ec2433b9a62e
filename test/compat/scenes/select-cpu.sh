#conf: SelectTypeParameters=CR_CPU;NodeName=worker-[1-3] Sockets=2 CoresPerSocket=1 ThreadsPerCore=2 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#part: select
# shellcheck shell=bash disable=SC2034
# select/cons_tres by CPUs, two to a core.
odd[a]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[b]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[d]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[e]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[f]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[g]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[h]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[i]='the real one counts the CPUs that were asked for, ours all of the cores'
odd[b:cpus]='the real one deals the tasks evenly here'
situations
