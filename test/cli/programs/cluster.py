"""What the rows share: running a command line as a program does, what it said, and rows that check themselves.

A row is a function with @row(WHO, WHAT): it issues the exact command lines of that program and reads the answers as it does.
It fails by need(), and a command that batchbox refuses by name makes it a skip, if MISSING has it.
"""
import os
import re
import subprocess
import time

ROWS = []
# WHAT of a row: the feature that isn't there yet. One that passes all the same must be struck.
MISSING = {}


class Failed(Exception):
    pass


class Refused(Exception):
    """Named by batchbox as not supported."""


class Said:
    """What a command printed, and how it ended."""

    def __init__(self, words, done):
        self.words, self.rc, self.out, self.err = words, done.returncode, done.stdout, done.stderr
        self.lines = self.out.splitlines()

    def __str__(self):
        return f"{self.words} exited with {self.rc} and printed {self.out[-600:]!r}, {self.err[-300:]!r}"

    def rows(self, separator=None):
        return [line.split(separator) for line in self.lines]


def run(words, stdin="", env=None, rc=0, seconds=60):
    """A list is a command, a string what a shell gets. rc None: however it ends."""
    done = subprocess.run(words, shell=isinstance(words, str), executable="/bin/bash" if isinstance(words, str) else None,
                          input=stdin, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=seconds)
    said = Said(words, done)
    if "not supported by batchbox" in done.stderr:
        raise Refused(done.stderr.strip().splitlines()[0])
    if rc is not None and done.returncode != rc:
        raise Failed(f"{said}: wanted {rc}")
    return said


def need(fact, said, why=""):
    if not fact:
        raise Failed(f"{why or 'not as wanted'}: {said}")


def match(pattern, said, text=None, flags=0):
    found = re.search(pattern, said.out if text is None else text, flags)
    need(found, said, f"no match of {pattern!r}")
    return found


def until(fact, what, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        value = fact()
        if value:
            return value
        time.sleep(0.05)
    raise Failed(f"{what} did not come within {seconds} s")


def state(job):
    """As squeue has it, or the history."""
    shown = run(["squeue", "-h", "-t", "all", "-j", str(job), "-o", "%T"], rc=None).out.split()
    return shown[0] if shown else run(["sacct", "-n", "-X", "-P", "-o", "state", "-j", str(job)]).out.strip()


def ended(job):
    return until(lambda: (s := state(job)) and s not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING") and s, f"the end of {job}")


def submit(*options, script=None):
    words = ["sbatch", "--parsable", *options]
    return run(words, stdin=script or "").out.strip().split(";")[0]


def show(job):
    """scontrol show job as {key: value}."""
    return dict(word.split("=", 1) for word in run(["scontrol", "-o", "show", "job", str(job)]).out.split() if "=" in word)


def content(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def row(who, what):
    def put(function):
        ROWS.append((f"{who}: {what}", what, function))
        return function
    return put
