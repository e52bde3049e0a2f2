"""Another schema for a home that is in use: everything in it stays."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations

from core.errors import HomeUnusable
from core.graft import Graft, open_graft
from core.media import BlobStore
from core.services.doctor import examine
from core.settings import DATABASE
from core.store import runs
from core.store.db import migrate, reading, writing
from core.types import JsonObject, Lane, RunId, RunKind, Task
from tests.finished import NOW


def upgrading(graft: Graft, monkeypatch: pytest.MonkeyPatch, change: Callable[[Operations], None]) -> None:
    """Migrate to a schema that is changed so."""

    def upgrade(config: Config, _revision: str) -> None:
        change(Operations(MigrationContext.configure(config.attributes["connection"])))

    monkeypatch.setattr(command, "upgrade", upgrade)
    migrate(graft.engine)


def made_anew(operations: Operations) -> None:
    with operations.batch_alter_table("run", recreate="always") as table:
        table.add_column(sa.Column("colour", sa.Boolean(), nullable=False, server_default=sa.false()))


def emptied(operations: Operations) -> None:
    made_anew(operations)
    operations.execute("DELETE FROM run")


@pytest.fixture
def run(graft: Graft) -> RunId:
    """A run with a curve, which refers to it."""
    project, payload = graft.projects.create("Leaves", Task.SINGLE), JsonObject()
    with writing(graft.engine) as session:
        made = runs.create_run(
            session, project_id=project, kind=RunKind.TRAIN, lane=Lane.TRAINING, payload=payload, now=NOW
        )
        runs.write_metrics(session, made, 1, {"train/loss": 0.5})
    return made


def test_a_table_that_is_made_anew_keeps_what_refers_to_it(
    graft: Graft, run: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrading(graft, monkeypatch, made_anew)
    assert graft.training.curves(run) == {"train/loss": [(1, 0.5)]}
    with reading(graft.engine) as session:
        assert session.scalar(sa.text("SELECT colour FROM run")) == 0
        assert session.scalar(sa.text("PRAGMA foreign_keys")) == 1, "enforced again"


def test_a_change_that_would_leave_rows_that_refer_to_nothing_is_not_made(
    graft: Graft, run: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match="would refer to nothing"):
        upgrading(graft, monkeypatch, emptied)
    assert graft.queue.read(run).id == run


def test_the_home_of_a_newer_graft_is_told_as_such(graft: Graft) -> None:
    with writing(graft.engine) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'of the future'"))
    with pytest.raises(HomeUnusable, match=r"used by a newer Graft\. Install that one\."):
        migrate(graft.engine)


@pytest.mark.parametrize("emptied", [False, True])
def test_a_home_whose_database_is_gone_is_not_opened_as_an_empty_one(
    graft: Graft, emptied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    graft.engine.dispose()
    BlobStore(graft.settings).put(b"a picture")
    database = graft.settings.home / DATABASE
    for file in graft.settings.home.glob(f"{DATABASE}*"):
        file.unlink()
    if emptied:
        database.touch()
    monkeypatch.setattr("core.services.doctor._TORCH", "print('torch 2'); print('none')")  # to load it takes seconds
    with pytest.raises(HomeUnusable, match="has pictures, but its database"):
        open_graft(graft.settings)
    (found,) = (check for check in examine(graft.settings) if check.name == "Database")
    assert found.state == "bad" and "is gone" in found.message
    assert not database.exists() or database.stat().st_size == 0
    graft.settings.blobs.rename(graft.settings.home / "old")
    opened = open_graft(graft.settings)
    assert opened.projects.list() == []
    opened.engine.dispose()
