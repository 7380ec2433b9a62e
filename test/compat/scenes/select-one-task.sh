#conf: SelectTypeParameters=CR_Core_Memory,CR_ONE_TASK_PER_CORE;NodeName=worker-[1-3] Sockets=2 CoresPerSocket=1 ThreadsPerCore=2 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#part: select
# shellcheck shell=bash disable=SC2034
# One task on each core of two threads.
without=" c1 g3 " # refused there
situations
