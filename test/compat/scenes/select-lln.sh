#conf: SelectTypeParameters=CR_Core,CR_LLN;NodeName=worker-[1-3] Sockets=2 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#part: select
# shellcheck shell=bash disable=SC2034
# The node with the most idle CPUs first.
odd[g]='the real one gives the tasks that are left to the node with the least load'
odd[g:cpus]='likewise'
odd[h]='the real one forgets --contiguous'
odd[h:cpus]='likewise'
odd[i]='the real one takes other nodes of equal load'
odd[i:cpus]='likewise'
situations
