"""`graft up`: the web process and the two workers as children, restarted when they die, ended together."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import GraftError
from core.services.address import address, answers, check_free
from core.services.home import SUPERVISOR, UNUSABLE, has_no_room, holding, write_children
from core.settings import Settings

COMMANDS: dict[str, tuple[str, ...]] = {
    "web": ("-m", "app.server"),
    "jobs": ("-m", "core.worker", "jobs"),
    "interactive": ("-m", "core.worker", "interactive"),
}
"""Child -> what Python is started with."""

WORDS = {"web": "The web process", "jobs": "The jobs worker", "interactive": "The interactive worker"}
POLL_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_AFTER_S = 30.0
END_WITHIN_S = 12.0
LARGEST_LOG = 10 * 2**20
ROOT = Path(__file__).parents[1]
Say = Callable[[str], None]


@dataclass(slots=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """Keeps children alive. `commands` are arguments for this Python."""

    def __init__(self, settings: Settings, say: Say, commands: Mapping[str, Sequence[str]] = COMMANDS) -> None:
        self._settings = settings
        self._say = say
        self._commands = commands
        self._children = [_Child(name) for name in commands]
        self._stop = False

    def run(self, ready: Say = lambda url: None) -> None:
        """Serve until SIGTERM or Ctrl-C; `ready` is called once, with the address, when the web process answers.

        Raises GraftError if another Graft serves this home, the port is taken, or the home cannot be used.
        """
        with holding(self._settings):
            if "web" in self._commands:
                check_free(self._settings)
            self._say(f"Graft is starting; everything is kept in {self._settings.home}")
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._ask_to_stop)
            try:
                self._serve(ready)
            finally:
                self._end()

    def _ask_to_stop(self, *_: object) -> None:
        self._stop = True

    def _serve(self, ready: Say) -> None:
        said = noted = False
        while not self._stop:
            changes = [self._look_at(child) for child in self._children]
            if any(changes) or not noted:
                noted = self._noted()
            if not said and answers(address(self._settings)):
                said = True
                ready(address(self._settings))
            time.sleep(POLL_S)

    def _noted(self) -> bool:
        processes = {child.name: child.process.pid if child.process else 0 for child in self._children}
        try:
            write_children(self._settings, processes)
        except OSError:  # a full disk must not end what people work with; noted as soon as there is room
            return False
        return True

    def _look_at(self, child: _Child) -> bool:
        """Start a child that is due, note one that ended. True: something changed."""
        now = time.monotonic()
        if child.process is None:
            if now < child.due_at:
                return False
            try:
                child.process, child.started_at = self._start(child.name), now
            except OSError as error:  # its log cannot be opened: a full disk must not end the others
                self._pause(child, f"cannot be started ({error.strerror})")
            return True
        status = child.process.poll()
        if status is None:
            return False
        if status == UNUSABLE:
            said = self._log(child.name).read_text("utf-8", "replace").splitlines()
            who = WORDS.get(child.name, child.name)
            raise GraftError(said[-1] if said else f"{who} cannot use the home {self._settings.home}.")
        if now - child.started_at > STEADY_AFTER_S:
            child.pause_s = FIRST_PAUSE_S
        self._pause(child, f"ended {_how(status)}{self._no_room()}")
        return True

    def _pause(self, child: _Child, what: str) -> None:
        self._say(
            f"{WORDS.get(child.name, child.name)} {what}; "
            f"it is started again in {child.pause_s:g} s. Its log: {self._log(child.name)}"
        )
        child.process, child.due_at = None, time.monotonic() + child.pause_s
        child.pause_s = min(2 * child.pause_s, LONGEST_PAUSE_S)

    def _no_room(self) -> str:
        """Why a child may have ended that could not even write that down."""
        return ": the disk is full, make room" if has_no_room(self._settings) else ""

    def _log(self, name: str) -> Path:
        return self._settings.logs / f"{name}.log"

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        log = self._log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *self._commands[name]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A session of its own: Ctrl-C reaches the supervisor alone, which ends the children in order.
                start_new_session=True,
                # Streamlit reads its settings and theme from `.streamlit` in the folder it is started in.
                cwd=ROOT,
                env={**os.environ, **self._settings.environ(), SUPERVISOR: str(os.getpid())},
            )

    def _end(self) -> None:
        living = [child.process for child in self._children if child.process and child.process.poll() is None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + END_WITHIN_S
        for process in living:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _how(status: int) -> str:
    return f"by signal {-status}" if status < 0 else f"with status {status}"
