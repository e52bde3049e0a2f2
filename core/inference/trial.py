"""What is faster on this machine is tried, not assumed, and remembered: a repeated run gives the same numbers.

bfloat16 doubles the speed of a ResNet and slows a MobileNet down, on one processor; on another both are different.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import torch

from core.settings import Settings

NAME = "tried.json"
TRIAL_S = 3.0
WORTH = 1.1
"""A choice that changes numbers in their last digits must be so many times as fast as the plain one."""
CLEAR = 1.5
"""A way that is so many times as fast as every other after three rounds needs no more of them."""
BUSY = 2.0
"""With more processes for each core that want it, a trial's answer holds for the run that asked, and no longer."""

Try = Callable[[], object]


def remembered(settings: Settings, what: str, device: torch.device, tries: Callable[[], Mapping[str, Try]]) -> str:
    """Which of the named ways is the fastest for `what`, on this machine: the first name is the plain way.

    Tried once per home, machine, version of torch and `what`; after that the answer is read, not measured. What was
    tried on a machine with much else to do is tried again by the next run.
    """

    def find() -> str:
        ways = tries()
        return fastest(measure(ways), next(iter(ways)))

    return recalled(settings, what, device, find)


def recalled(settings: Settings, what: str, device: torch.device, find: Callable[[], str]) -> str:
    """What `find` found about `what` on this machine, when it was asked first and not disturbed."""
    path, key = settings.home / NAME, f"{what} on {machine(device)}"
    with _locked(path):  # two runs must not come to two answers
        known = _read(path)
        found = known.get(key)
        if found is None:
            found = known[key] = find()
            if psutil.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
                return found
            temporary = path.with_suffix(".new")
            temporary.write_text(json.dumps(known, indent=1, sort_keys=True), "utf-8")
            temporary.replace(path)
    return found


def measure(ways: Mapping[str, Try]) -> dict[str, float]:
    """The least seconds of each way, tried in turns for three seconds or until it is clear; what fails is left out."""
    found: dict[str, float] = {}
    begun, rounds = time.perf_counter(), 0
    while rounds < 3 or (time.perf_counter() - begun < TRIAL_S and rounds < 20):
        for name, way in ways.items():
            if rounds and name not in found:
                continue
            started = time.perf_counter()
            try:
                way()
            except (RuntimeError, NotImplementedError):  # not every layer exists in every precision
                found.pop(name, None)
                continue
            seconds = time.perf_counter() - started
            found[name] = seconds if rounds < 2 else min(seconds, found[name])  # the first one warms up
        rounds += 1
        best, *others = sorted(found.values()) or [0.0]
        if rounds >= 3 and all(seconds > CLEAR * best for seconds in others):
            break
        if rounds >= 2 and time.perf_counter() - begun > 2 * TRIAL_S:
            break
    return found


def fastest(seconds: Mapping[str, float], plain: str) -> str:
    """The fastest way, or the plain one where no other is clearly faster."""
    best = min(seconds, key=lambda name: seconds[name], default=plain)
    return best if plain not in seconds or seconds[best] * WORTH < seconds[plain] else plain


def machine(device: torch.device) -> str:
    """12 hexadecimal digits for processor or GPU, cores and torch's version."""
    chip = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    words = f"{device.type} {chip} {os.cpu_count()} {torch.get_num_threads()} {torch.__version__}"
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line
    return platform.processor() or platform.machine()


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # none yet, or damaged: tried again
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
