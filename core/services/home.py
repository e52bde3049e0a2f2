"""Whether a home is whole, and who serves it: a lock file that names the living supervisor, and processes that leave
with it."""

import contextlib
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.errors import GraftError, HomeUnusable
from core.services.address import address
from core.settings import DATABASE, Settings
from core.types import JsonObject

SUPERVISOR = "GRAFT_SUPERVISOR"
"""Environment variable by which a supervisor gives its children its process id."""
UNUSABLE = 78
"""Status (EX_CONFIG of sysexits.h) with which a child ends that would end in the same way again; its log says why."""
LOOK_EVERY_S = 0.5
LEAVE_WITHIN_S = 15.0
NO_ROOM_BYTES = 2**16


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A `graft up`: its process, its address, and its children by name (0: ended, about to be restarted)."""

    pid: int
    started: float
    address: str
    children: Mapping[str, int] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Whether that very process lives: a later one with the same number does not count."""
        return _started(self.pid) == self.started


def read_holder(settings: Settings) -> Holder | None:
    """The living supervisor of this home, or None."""
    found = _read(_lock(settings))
    return found if found is not None and found.alive else None


@contextlib.contextmanager
def holding(settings: Settings) -> Iterator[None]:
    """Serve this home alone. Raises GraftError with the other's address if another supervisor lives."""
    settings.home.mkdir(parents=True, exist_ok=True)
    lock, mine = _lock(settings), Holder(pid=os.getpid(), started=_started(os.getpid()), address=address(settings))
    for _ in range(3):
        if _created(lock, mine):
            break
        other = _read(lock)
        if other is not None and other.alive:
            raise GraftError(
                f"Graft serves {settings.home} already: {other.address} (process {other.pid}).",
                hint="Open that address, or end that process first; another home can be served beside it (--home).",
            )
        _clear(lock, other)
    else:
        raise GraftError(f"The lock {lock} cannot be taken.", hint="Delete it if no other Graft is running.")
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def write_children(settings: Settings, children: Mapping[str, int]) -> None:
    """Note the supervisor's children, so that `graft doctor` can look at them. Raises OSError on a full disk."""
    mine = Holder(pid=os.getpid(), started=_started(os.getpid()), address=address(settings), children=children)
    temporary = _written(_lock(settings), mine)
    temporary.replace(_lock(settings))


def leave_with_supervisor() -> None:
    """In a supervisor's child: end in an orderly way when the supervisor is gone, however it went.

    Asking for the parent works on every Unix and cannot be missed, unlike a signal on the parent's death.
    Without a supervisor this does nothing.
    """
    supervisor = int(os.environ.pop(SUPERVISOR, "0"))
    if not supervisor:
        return

    def watch() -> None:
        while os.getppid() == supervisor:
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(LEAVE_WITHIN_S)
        os._exit(70)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()


def _lock(settings: Settings) -> Path:
    return settings.home / "serving.json"


def _started(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return 0.0


def _written(lock: Path, holder: Holder) -> Path:
    content: JsonObject = {
        "pid": holder.pid,
        "started": holder.started,
        "address": holder.address,
        "children": dict(holder.children),
    }
    descriptor, name = tempfile.mkstemp(dir=lock.parent, prefix=".serving-")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file)
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _created(lock: Path, holder: Holder) -> bool:
    # A link appears with its whole content or not at all, and never over another.
    temporary = _written(lock, holder)
    try:
        lock.hardlink_to(temporary)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def _clear(lock: Path, stale: Holder | None) -> None:
    """Take a dead supervisor's lock away, unless someone living took it in the meantime."""
    aside = lock.with_name(f".serving-{os.getpid()}-stale")
    with contextlib.suppress(FileNotFoundError):
        lock.rename(aside)
        found = _read(aside)
        if found is not None and found != stale and found.alive:
            aside.rename(lock)
        aside.unlink(missing_ok=True)


def _read(lock: Path) -> Holder | None:
    try:
        value = json.loads(lock.read_text("utf-8"))
        children = {str(name): int(pid) for name, pid in value["children"].items()}
        return Holder(pid=value["pid"], started=value["started"], address=value["address"], children=children)
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def has_no_room(settings: Settings) -> bool:
    """Whether the disk is so full that not even a line could be written."""
    return shutil.disk_usage(settings.home).free < NO_ROOM_BYTES


def ensure_whole(settings: Settings) -> None:
    """Raises HomeUnusable for a home that has pictures and no database."""
    database = settings.home / DATABASE
    if settings.database_url or (database.exists() and database.stat().st_size):
        return
    if settings.blobs.is_dir() and any(settings.blobs.iterdir()):
        raise HomeUnusable(
            f"The home {settings.home} has pictures, but its database, {DATABASE}, is gone.",
            hint="Put a copy of it back. To begin anew, choose another home or move blobs/ away.",
        )
