#conf: SelectTypeParameters=CR_Core,CR_Pack_Nodes;NodeName=worker-[1-3] Sockets=2 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#part: select
# shellcheck shell=bash disable=SC2034
# Tasks packed onto whole nodes.
situations
