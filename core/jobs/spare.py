"""A child process that has loaded everything and waits for a run: starting torch takes longer than many a training."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping

from core.types import Lane, RunId

IDLE_S = 2.0
"""A lane must have been idle so long before a spare is started: its loading must not slow down what people wait for."""


class Spares:
    """At most one waiting process per lane. One that died is replaced; all leave when their pipe is closed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._waiting: dict[Lane, subprocess.Popen[bytes]] = {}
        self._idle_since: dict[Lane, float] = {}

    def rest(self, lane: Lane) -> None:
        """The lane has nothing to do: have a spare ready for it."""
        waiting = self._waiting.get(lane)
        if waiting is not None and waiting.poll() is None:
            return
        if waiting is not None:
            _close(self._waiting.pop(lane))
            self._idle_since.pop(lane, None)
        if time.monotonic() - self._idle_since.setdefault(lane, time.monotonic()) > IDLE_S:
            self._waiting[lane] = start_child(["spare", lane.value], self._environ)

    def start(self, lane: Lane, run: RunId, log: str) -> "subprocess.Popen[bytes]":
        """A process for a run, which writes into the file `log`: the spare one, or else a new one."""
        self._idle_since.pop(lane, None)
        order = f"{run} {log}\n".encode()
        spare = self._waiting.pop(lane, None)
        if spare is not None and _told(spare, order):
            return spare
        process = start_child(["spare", ""], self._environ)
        _told(process, order)  # one that is dead already is noticed by its worker
        return process

    def close(self) -> None:
        """Send the waiting ones home."""
        for process in self._waiting.values():
            _close(process)
        self._waiting.clear()


def _told(process: "subprocess.Popen[bytes]", order: bytes) -> bool:
    """Give a waiting process its order; False if it is not there any more."""
    assert process.stdin is not None
    try:
        process.stdin.write(order)
        process.stdin.close()
    except BrokenPipeError:
        _close(process)
    return process.poll() is None


def _close(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.kill()
    process.wait()


def start_child(arguments: list[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """A child of the worker, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "core.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **environ},
    )


def wait_for_run() -> RunId | None:
    """In a spare: the run to do once there is one, its output turned into the run's log; None if nobody wants it."""
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        return None
    number, _, log = line.rstrip("\n").partition(" ")
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    return RunId(int(number))
