#!/usr/bin/env python3
"""pmi.py PROTOCOL WHAT: a task of a step with --mpi=pmi2 that speaks PMI 1 or 2 by itself; rank 0 prints what it learnt."""
import os
import sys

VERSION, WHAT = int(sys.argv[1]), sys.argv[2]
RANK, SIZE = int(os.environ["PMI_RANK"]), int(os.environ["PMI_SIZE"])
wire = os.fdopen(int(os.environ["PMI_FD"]), "wb", buffering=0, closefd=False)
answers = os.fdopen(wire.fileno(), "rb")  # with a buffer: byte for byte would be what the test waits for


def line(text):
    wire.write(text.encode() + b"\n")
    return answers.readline().decode()


def frame(text):
    wire.write(b"%6d%s" % (len(text), text.encode()))
    size = int(answers.read(6))
    return answers.read(size).decode()


def ask(one, two):
    return line(one) if VERSION == 1 else frame(two)


def exchange(rounds, keys):
    """All that each rank puts before a fence is what each other gets after it."""
    for turn in range(rounds):
        for k in range(keys):
            value = f"{turn}.{k}.{RANK}" + "v" * 900
            assert "rc=0" in ask(f"cmd=put kvsname=x key=k{k}of{RANK} value={value}", f"cmd=kvs-put;key=k{k}of{RANK};value={value};")
        assert "rc=0" in ask("cmd=barrier_in", "cmd=kvs-fence;")
        for rank in range(SIZE):
            for k in range(keys):
                got = ask(f"cmd=get kvsname=x key=k{k}of{rank}", f"cmd=kvs-get;jobid=;srcid=-1;key=k{k}of{rank};")
                assert f"value={turn}.{k}.{rank}vvv" in got, got
        assert "rc=0" in ask("cmd=barrier_in", "cmd=kvs-fence;")


line(f"cmd=init pmi_version={VERSION} pmi_subversion=0")
if VERSION == 2:
    frame(f"cmd=fullinit;pmirank={RANK};threaded=FALSE;")
if WHAT == "exchange":
    exchange(3, 40)
    ask("cmd=finalize", "cmd=finalize;")
    if RANK == 0:
        print(f"all {SIZE} have seen all")
elif WHAT == "abort" and RANK == SIZE - 1:
    text = "cmd=abort;isworld=TRUE;msg=over;"
    wire.write(b"cmd=abort exitcode=7\n" if VERSION == 1 else b"%6d%s" % (len(text), text.encode()))
elif WHAT == "leaves" and RANK == SIZE - 1:
    sys.exit(0)
elif WHAT == "floods" and RANK == SIZE - 1:
    try:
        while True:
            wire.write(b"x" * 65536)
    except OSError:
        sys.exit(3)
if WHAT != "exchange":
    ask("cmd=barrier_in", "cmd=kvs-fence;")
