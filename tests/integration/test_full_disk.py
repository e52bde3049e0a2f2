"""A full disk: a sentence says so, nothing dies of it, and all goes on when there is room."""

import errno
import importlib
import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from app import supervisor
from app.commands.base import write_file
from app.parts.text import md
from app.supervisor import Supervisor
from core.errors import DiskFull, GraftError
from core.graft import Graft
from core.jobs import LaneWorker, execute, process
from core.jobs.context import JobContext
from core.jobs.reserve import NAME, keep_room
from core.services import pretraining
from core.services.home import write_children
from core.services.outside import whole_file
from core.settings import CHECKPOINT, Settings
from core.store.db import migrate, reading, writing
from core.tasks import export_model
from core.training.checkpoint import save_checkpoint
from core.types import JsonObject, Lane, ProjectId, RunState
from tests.at_once import claim, finish
from tests.integration.test_training import TINY, trained

EXECUTE = importlib.import_module("core.jobs.execute")  # the package gives that name to the function
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")


def full(times: int) -> Callable[[Engine], object]:
    """`writing` of a database that has no room so many times."""
    left = [times]

    @contextmanager
    def write(engine: Engine) -> Iterator[Session]:
        if left[0]:
            left[0] -= 1
            raise DiskFull
        with writing(engine) as session:
            yield session

    return write


def test_a_database_without_room_says_so_and_keeps_what_it_had(graft: Graft, project: ProjectId) -> None:
    with pytest.raises(DiskFull, match=r"^The disk is full\. Make room"), writing(graft.engine) as session:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count = {pages}"))
        session.execute(text("UPDATE project SET guideline = :words"), {"words": "a" * 10**6})
    graft.engine.dispose()
    assert graft.projects.read(project).guideline == ""


def no_shared_file(*_: object) -> None:
    """As SQLite says it when the file that its processes share cannot grow."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    raise OperationalError("SELECT 1", {}, error)


def test_a_home_that_cannot_even_be_read_for_want_of_room_says_so(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DiskFull), reading(graft.engine):
        no_shared_file()
    monkeypatch.setattr(command, "upgrade", no_shared_file)
    with pytest.raises(DiskFull):
        migrate(graft.engine)


def test_a_run_that_finds_no_room_says_so_as_soon_as_its_end_can_be_written_down(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body(context: JobContext) -> JsonObject:
        raise NO_ROOM

    run_id = graft.training.start(project, TINY)
    run = claim(graft, Lane.TRAINING)
    keep_room(graft.settings)
    assert (graft.settings.home / NAME).stat().st_size > 0
    monkeypatch.setattr(EXECUTE, "ASK_FOR_ROOM_S", 0)
    monkeypatch.setattr(EXECUTE, "writing", full(times=2))
    assert execute(body, run, engine=graft.engine, settings=graft.settings) is RunState.FAILED
    assert not (graft.settings.home / NAME).exists()
    ended = graft.training.read(run_id)
    assert (ended.state, ended.error) == (RunState.FAILED, "The disk is full.") and "Make room" in ended.hint


def under_way(run: int) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    from app.context import graft
    from app.parts.following import in_progress
    from app.parts.run_status import how_far
    from core.types import RunId

    found = graft().queue.read(RunId(run))
    how_far(found)
    in_progress(found)


def test_a_run_that_cannot_write_down_its_end_does_not_seem_to_go_on(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    run = graft.training.start(project, TINY)
    claim(graft, Lane.TRAINING)
    assert not AppTest.from_function(under_way, kwargs={"run": run}).run().error
    monkeypatch.setattr("core.services.home.shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    page = AppTest.from_function(under_way, kwargs={"run": run}).run()
    assert not page.exception
    assert [item.value for item in page.error] == [md(str(DiskFull()))] * 2


def test_the_jobs_worker_goes_on_when_the_database_had_no_room(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def sweep(_: process.Sweeper) -> None:
        looks.append(1)
        if len(looks) == 1:
            raise DiskFull

    monkeypatch.setattr(process.Sweeper, "sweep", sweep)
    monkeypatch.setattr(process, "BEAT_S", 0)
    worker = LaneWorker(engine=graft.engine, settings=graft.settings, lanes=[])
    worker.work(lambda: len(looks) > 1)
    assert len(looks) == 2


def test_a_run_goes_on_showing_that_it_lives_when_the_database_had_no_room(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    graft.training.start(project, TINY)
    run, beats = claim(graft, Lane.TRAINING), threading.Event()
    monkeypatch.setattr(process, "BEAT_S", 0.01)
    monkeypatch.setattr(process, "writing", full(times=2))
    monkeypatch.setattr("core.jobs.process.runs.beat", lambda *_, **__: beats.set())
    with process.beating(run, graft.engine):
        assert beats.wait(10)


def test_the_app_stays_up_though_its_processes_cannot_be_noted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NO_ROOM

    said: list[str] = []
    settings.home.mkdir(parents=True)
    serving = Supervisor(settings, said.append, {"jobs": ("-c", "")})
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "write_children", refuse)
        patch.setattr(Supervisor, "_start", refuse)
        assert serving._look_at(serving._children[0]) and not serving._noted()
    assert said[0].startswith("The jobs worker cannot be started (No space left on device); it is started again in 0.5")
    assert serving._noted()


def test_a_note_that_found_no_room_leaves_no_file_behind(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NO_ROOM

    settings.home.mkdir(parents=True)
    monkeypatch.setattr("core.services.home.json.dump", refuse)
    with pytest.raises(OSError, match="No space"):
        write_children(settings, {})
    assert not list(settings.home.iterdir())


def test_a_state_that_could_not_be_written_is_not_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("core.training.checkpoint.os.fsync", lambda _: (_ for _ in ()).throw(NO_ROOM))
        with pytest.raises(DiskFull) as nothing:
            save_checkpoint(tmp_path, {"epoch": 1})
    assert "kept" not in str(nothing.value) and "begins again" in nothing.value.hint
    save_checkpoint(tmp_path, {"epoch": 1})
    monkeypatch.setattr("core.training.checkpoint.os.fsync", lambda _: (_ for _ in ()).throw(NO_ROOM))
    with pytest.raises(DiskFull, match="last good state is kept"):
        save_checkpoint(tmp_path, {"epoch": 2})


@contextmanager
def no_larger_than(size: int) -> Iterator[None]:
    """No file may grow beyond that: as on a full disk, a write ends short."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_only_a_write_that_found_no_room_is_called_a_full_disk(tmp_path: Path) -> None:
    class Broken:
        """A tensor's stand-in whose memory cannot be reached."""

        def __init__(self, error: Exception) -> None:
            self.error = error

        def __reduce__(self) -> str:
            raise self.error

    save_checkpoint(tmp_path, {"epoch": 1})
    with no_larger_than(100_000), pytest.raises(DiskFull, match="last good state is kept"):
        save_checkpoint(tmp_path, {"weights": torch.ones(100_000)})
    for error in (torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("CUDA error: an illegal memory access")):
        with pytest.raises(type(error), match=str(error)):
            save_checkpoint(tmp_path, {"weights": Broken(error)})
    assert [item.name for item in tmp_path.iterdir()] == [CHECKPOINT]


def half(*paths: object) -> None:
    """In place of what writes a file, the last of the paths: the disk is full before its end."""
    Path(str(paths[-1])).write_bytes(b"half of i")
    raise NO_ROOM


def test_what_a_command_writes_takes_the_place_of_the_one_before_only_when_it_is_whole(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    write_file(report, b"the one before")
    with pytest.raises(GraftError, match=r"report\.html cannot be written: the disk is full\."):
        whole_file(report, half)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("report.html", b"the one before")]
    (tmp_path / "link.html").symlink_to(report)
    write_file(tmp_path / "link.html", b"a new one")
    assert (tmp_path / "link.html").is_symlink() and report.read_bytes() == b"a new one"
    write_file(Path("/dev/null"), b"nowhere")
    assert not Path("/dev/null").is_file()
    with pytest.raises(GraftError, match="cannot be written"):
        write_file(tmp_path, b"in place of a folder")
    with pytest.raises(GraftError, match="cannot be written: its folder is not there"):
        write_file(tmp_path / "nowhere" / "report.html", b"")


def test_weights_that_the_disk_has_no_room_for_are_not_half_taken_along(
    graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(pretraining.shutil, "copyfile", half)
    with pytest.raises(GraftError, match="cannot be written: the disk is full"):
        graft.pretraining.export("bundled", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_model_that_the_disk_has_no_room_for_leaves_nothing_of_it_in_the_exports(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained(graft, project)
    monkeypatch.setattr(export_model, "write_onnx", lambda path, network, card: half(path))
    ended = finish(graft, graft.exports.model(model))
    assert ended.state is RunState.FAILED and ended.error == "The disk is full."
    assert not [path for path in graft.settings.exports.rglob("*") if path.is_file()]
