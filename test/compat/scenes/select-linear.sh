#conf: SelectType=select/linear;SelectTypeParameters=CR_Memory;NodeName=worker-[1-3] Sockets=2 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#part: select
# shellcheck shell=bash disable=SC2034
# select/linear: whole nodes.
odd[h]='chance: the real one plans later what may start before its turn'
odd[h:cpus]='chance: the real one plans later what may start before its turn'
situations
