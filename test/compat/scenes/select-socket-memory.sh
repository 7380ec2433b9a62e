#conf: SelectTypeParameters=CR_Socket_Memory;NodeName=worker-[1-3] Sockets=2 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN;SlurmdParameters=config_overrides
#part: select
# shellcheck shell=bash disable=SC2034
# select/cons_tres by whole sockets and memory.
odd[a]='the real one deals tasks over sockets, and gives all of each that has one'
odd[a:cpus]='the real one deals tasks over sockets, and gives all of each that has one'
odd[b]='the real one deals tasks over sockets, and gives all of each that has one'
odd[b:cpus]='the real one deals tasks over sockets, and gives all of each that has one'
odd[h]='the real one deals tasks over sockets, and gives all of each that has one'
odd[h:cpus]='the real one deals tasks over sockets, and gives all of each that has one'
odd[i]='the real one deals tasks over sockets, and gives all of each that has one'
odd[i:cpus]='the real one deals tasks over sockets, and gives all of each that has one'
situations
