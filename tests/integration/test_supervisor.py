"""`graft up`: children come back when they die and never outlive their supervisor."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from app.supervisor import Supervisor
from core.errors import GraftError
from core.services.address import answers, check_free
from core.services.home import UNUSABLE, holding, read_holder
from core.settings import Settings

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
# A supervisor of two children that only live and one that always falls.
SMALL = """
import sys; from pathlib import Path; from app.supervisor import Supervisor; from core.settings import Settings
alive = ("-c", "import core.services.home as home, time; home.leave_with_supervisor(); time.sleep(600)")
Supervisor(Settings(home=Path(sys.argv[1])), lambda text: print(text, flush=True),
           {"first": alive, "second": alive, "falling": ("-c", "raise SystemExit(3)")}).run()
"""


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def children(home: Path) -> dict[str, int]:
    """The living children that the lock names."""
    holder = read_holder(Settings(home=home))
    found = holder.children if holder else {}
    return {name: pid for name, pid in found.items() if pid and psutil.pid_exists(pid)}


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SMALL, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def test_a_child_that_was_killed_is_started_again_and_said(supervisor: subprocess.Popen[str], tmp_path: Path) -> None:
    until(lambda: {"first", "second"} <= set(children(tmp_path)))
    before = children(tmp_path)
    os.kill(before["first"], signal.SIGKILL)
    until(lambda: children(tmp_path).get("first", before["first"]) != before["first"])
    assert children(tmp_path)["second"] == before["second"]
    supervisor.terminate()
    words = supervisor.communicate(timeout=30)[0]
    assert "first ended by signal 9; it is started again in 0.5 s." in words


def test_of_a_child_that_ends_on_a_full_disk_it_is_said_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It cannot write it down itself: its log is on that disk.
    monkeypatch.setattr("core.services.home.shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    said: list[str] = []
    falling = ("-c", "raise SystemExit(3)")
    unusable = ("-c", f"import time; time.sleep(2); raise SystemExit({UNUSABLE})")
    with pytest.raises(GraftError, match="first cannot use the home"):
        Supervisor(Settings(home=tmp_path), said.append, {"second": falling, "first": unusable}).run()
    assert any("second ended with status 3: the disk is full, make room; it is started again" in item for item in said)


def test_a_child_that_keeps_falling_is_given_longer_and_longer_pauses(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert supervisor.stdout is not None
    _starting, *lines = [supervisor.stdout.readline() for _ in range(4)]
    pauses = [line.partition("again in ")[2].split(" s")[0] for line in lines]
    assert pauses == ["0.5", "1", "2"] and "with status 3" in lines[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_all_and_gives_the_home_free(
    supervisor: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    until(lambda: {"first", "second"} <= set(children(tmp_path)))
    pids = children(tmp_path).values()
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not (tmp_path / "serving.json").exists()


def test_a_killed_supervisor_leaves_no_orphan_and_no_lock_that_holds(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    until(lambda: {"first", "second"} <= set(children(tmp_path)))
    pids = [children(tmp_path)[name] for name in ("first", "second")]
    supervisor.kill()
    supervisor.wait()
    until(lambda: not any(_runs(pid) for pid in pids), 10)
    with holding(Settings(home=tmp_path)):
        pass


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_second_supervisor_is_refused_with_the_first_ones_address(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, port=8765)
    with holding(settings), pytest.raises(GraftError, match=r"already: http://127\.0\.0\.1:8765"), holding(settings):
        pass


def test_the_lock_of_a_process_that_is_gone_does_not_count(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock = {"pid": gone.pid, "started": 1.0, "address": "http://127.0.0.1:1", "children": {}}
    (tmp_path / "serving.json").write_text(json.dumps(lock))
    with holding(Settings(home=tmp_path)):
        assert read_holder(Settings(home=tmp_path)) is not None
    (tmp_path / "serving.json").write_text("torn")
    with holding(Settings(home=tmp_path)):
        pass
    # The number of a dead process may be another's by now.
    (tmp_path / "serving.json").write_text(json.dumps({**lock, "pid": os.getpid()}))
    assert read_holder(Settings(home=tmp_path)) is None


def test_a_port_that_is_taken_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(GraftError, match=f"Port {port} is taken by another program.*--port {port + 1}"):
            check_free(Settings(home=tmp_path, port=port))
    with pytest.raises(GraftError, match="not an address of this machine"):
        check_free(Settings(home=tmp_path, host="203.0.113.7"))


def test_the_real_thing_serves_the_web_page_again_after_its_process_was_killed(tmp_path: Path) -> None:
    port = free_port()
    environ = {**os.environ, "GRAFT_HOME": str(tmp_path), "GRAFT_DEVICE": "cpu"}
    command = [sys.executable, "-m", "app.cli", "up", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{port}"
        assert process.stdout is not None
        said = [process.stdout.readline(), process.stdout.readline()]  # the second comes when it answers
        assert f"Graft is ready: {url}" in said[1]
        assert answers(url)
        first = children(tmp_path)
        os.kill(first["web"], signal.SIGKILL)
        until(lambda: children(tmp_path).get("web", first["web"]) != first["web"])
        until(lambda: answers(url), 60)
        assert children(tmp_path)["jobs"] == first["jobs"]
        pids = list(children(tmp_path).values())
        process.kill()
        until(lambda: not any(_runs(pid) for pid in pids), 30)
    finally:
        process.kill()
        process.communicate()


def test_a_home_whose_database_is_none_ends_the_command_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "graft.db").write_bytes(b"no database at all" * 100)
    command = [sys.executable, "-m", "app.cli", "--home", str(tmp_path)]
    for arguments in (["up", "--port", str(free_port())], ["project", "list"]):
        done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert done.stderr == (
            "The database of this home, graft.db, is damaged or is none. "
            "Put a copy of it back; the pictures in blobs/ are not touched.\n"
        )
