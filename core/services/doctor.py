"""`graft doctor`: everything Graft needs, looked at one by one, each with the way out. Changes nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from sqlalchemy.exc import SQLAlchemyError

from core.errors import GraftError, HomeUnusable
from core.media.parallel import usable_cores
from core.services.address import address, answers, check_free
from core.services.home import ensure_whole, read_holder
from core.services.outside import ON_ANOTHER_DISK, unwritable
from core.settings import DATABASE, Settings
from core.store.check import read_health
from core.store.db import open_engine, tells_of_damage
from core.words import count

LOW_DISK_BYTES, LITTLE_DISK_BYTES = 1 * 2**30, 10 * 2**30
OLDEST_PYTHON = (3, 11)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TORCH_WITHIN_S = 120
_TORCH = """
import torch, torchvision, timm
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}")
if torch.cuda.is_available():
    for index in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(index)
        print(f"cuda:{index} {found.name}, {found.total_memory / 2**30:.0f} GiB")
elif torch.backends.mps.is_available():
    print("mps Apple GPU")
else:
    print("none")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was found. `state`: good; note, worth knowing; bad, stops Graft. `hint` is the way out."""

    name: str
    state: Literal["good", "note", "bad"]
    message: str
    hint: str = ""


def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which they build on each other."""
    checks: list[Callable[[Settings], list[Check]]] = [
        _python, _torch, _home, _disk, _database, _weights, _port, _workers, _browser
    ]  # fmt: skip
    return [found for check in checks for found in check(settings)]


def _python(_: Settings) -> list[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST_PYTHON:
        return [Check(name="Python", state="bad", message=version, hint="Graft needs Python 3.11 or newer.")]
    return [Check(name="Python", state="good", message=f"{version} ({sys.executable})")]


def _torch(settings: Settings) -> list[Check]:
    # In a child: this process stays light, and a broken installation can end the child only.
    hint = "Install it again: make demo, or pip install -e . in Graft's folder."
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TORCH], capture_output=True, text=True, timeout=TORCH_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [Check(name="Torch", state="bad", message=f"Does not load within {TORCH_WITHIN_S} s.", hint=hint)]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return [Check(name="Torch", state="bad", message=f"Does not load: {last[:200]}", hint=hint)]
    versions, *devices = done.stdout.strip().splitlines()
    return [Check(name="Torch", state="good", message=versions), _device(settings.device, devices)]


def _device(wanted: str, found: list[str]) -> Check:
    usable, there = usable_cores(), os.cpu_count() or 1
    of = f" ({there} in the machine)" if there > usable else ""
    cores = f"CPU with {count(usable, 'core')}{of}, {psutil.virtual_memory().total / 2**30:.0f} GiB"
    gpus = [] if found == ["none"] else found
    if wanted.startswith("cuda"):
        index = wanted.partition(":")[2] or "0"
        mine = [item for item in gpus if item.startswith(f"cuda:{index} ")]
        if not mine:
            hint = "Set GRAFT_DEVICE to auto or cpu, or mend the graphics driver."
            return Check(name="Device", state="bad", message=f"GRAFT_DEVICE is {wanted}, which is not here.", hint=hint)
        return Check(name="Device", state="good", message=mine[0])
    if wanted == "mps" and not any(item.startswith("mps") for item in found):
        hint = "Set GRAFT_DEVICE to auto or cpu."
        message = "GRAFT_DEVICE is mps, an Apple GPU, which is not here."
        return Check(name="Device", state="bad", message=message, hint=hint)
    if wanted in ("auto", "mps") and gpus:
        return Check(name="Device", state="good", message="; ".join(gpus))
    if wanted not in ("auto", "cpu"):
        hint = "Use auto, cpu, cuda, cuda:1 or mps."
        return Check(name="Device", state="bad", message=f"GRAFT_DEVICE is {wanted!r}.", hint=hint)
    return Check(name="Device", state="good", message=cores)


def _existing(path: Path) -> Path:
    return next(item for item in (path, *path.parents) if item.exists())


def _home(settings: Settings) -> list[Check]:
    try:
        with tempfile.TemporaryFile(dir=_existing(settings.home)):
            pass
    except OSError as error:
        told = unwritable(settings.home, error)
        return [Check(name="Home", state="bad", message=told.message, hint=told.hint)]
    new = "" if settings.home.exists() else " (will be made)"
    return [Check(name="Home", state="good", message=f"{settings.home}{new}")]


def _disk(settings: Settings) -> list[Check]:
    free = shutil.disk_usage(_existing(settings.home)).free
    state: Literal["good", "note", "bad"] = (
        "bad" if free < LOW_DISK_BYTES else "note" if free < LITTLE_DISK_BYTES else "good"
    )
    hint = "" if state == "good" else ON_ANOTHER_DISK
    return [Check(name="Disk", state=state, message=f"{free / 2**30:.1f} GiB free", hint=hint)]


def _database(settings: Settings) -> list[Check]:
    file = settings.home / DATABASE
    try:
        ensure_whole(settings)
    except HomeUnusable as error:
        return [Check(name="Database", state="bad", message=error.message, hint=error.hint)]
    if not settings.database_url and not file.exists():
        return [Check(name="Database", state="good", message="None yet; the first command makes it.")]
    where = settings.database_url.partition("@")[2] or str(file)
    try:
        health = read_health(open_engine(settings.url))
    except SQLAlchemyError as error:
        hint = "If the file is damaged, put a copy of it back; the pictures in blobs/ are not touched."
        if not tells_of_damage(error):  # a copy put over it would cost what was labelled since
            hint = "The file itself may be whole: first mend what the other lines say, above all of the disk."
        return [Check(name="Database", state="bad", message=f"{where} does not open: {_first(error)}", hint=hint)]
    if not health.known:
        hint = "This home was used by a newer Graft: install that one."
        return [Check(name="Database", state="bad", message=f"Its schema {health.schema} is unknown.", hint=hint)]
    if health.problem:
        hint = "Put a copy of graft.db back; the pictures in blobs/ are not touched."
        return [Check(name="Database", state="bad", message=health.problem, hint=hint)]
    newest = "newest schema" if health.at_head else "an earlier schema, brought up to date at the next start"
    journal = f", {health.journal} journal" if health.journal else ""
    return [Check(name="Database", state="good", message=f"{where}: {newest}{journal}")]


def _first(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def _weights(settings: Settings) -> list[Check]:
    files = [item for item in settings.weights.glob("*") if item.is_file()] if settings.weights.is_dir() else []
    if not files:
        hint = (
            "The first training that wants them downloads them; without a network choose the weights bundled or none."
        )
        return [Check(name="Weights", state="note", message="No pretrained weights are here yet.", hint=hint)]
    size = sum(item.stat().st_size for item in files) / 2**20
    return [Check(name="Weights", state="good", message=f"{len(files)} pretrained, {size:,.0f} MiB")]


def _port(settings: Settings) -> list[Check]:
    holder = read_holder(settings)
    if holder is not None:
        if answers(holder.address):
            return [Check(name="Address", state="good", message=f"Graft answers at {holder.address}")]
        hint = f"It may still be starting; if not, see {settings.logs / 'web.log'}."
        return [Check(name="Address", state="bad", message=f"Graft does not answer at {holder.address}.", hint=hint)]
    try:
        check_free(settings)
    except GraftError as error:
        return [Check(name="Address", state="bad", message=error.message, hint=error.hint)]
    return [Check(name="Address", state="good", message=f"{address(settings)} is free")]


def _workers(settings: Settings) -> list[Check]:
    holder = read_holder(settings)
    if holder is None:
        hint = "Start them with the app: graft up. Commands that wait for a job run it themselves."
        return [Check(name="Workers", state="note", message="Not running.", hint=hint)]
    dead = [name for name, pid in holder.children.items() if not (pid and psutil.pid_exists(pid))]
    if dead or not holder.children:
        hint = f"graft up starts them again by itself; see the logs in {settings.logs}."
        message = f"Not running: {', '.join(dead) or 'none has started'}."
        return [Check(name="Workers", state="bad", message=message, hint=hint)]
    names = ", ".join(f"{name} (process {pid})" for name, pid in holder.children.items())
    return [Check(name="Workers", state="good", message=names)]


def _browser(_: Settings) -> list[Check]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), "")
    own = sorted(Path("~/.cache/ms-playwright").expanduser().glob("chromium*"))
    if found or own:
        return [Check(name="Test browser", state="good", message=found or str(own[-1]))]
    hint = "Only Graft's own browser tests need one: playwright install chromium."
    return [Check(name="Test browser", state="note", message="No Chromium was found.", hint=hint)]
