"""Engine, transactions and migrations.

Two scopes: `reading` sees one consistent snapshot and never blocks a writer; `writing` takes the write
lock at its start (BEGIN IMMEDIATE), because a deferred transaction that reads and then writes fails at
once with "database is locked" when another one commits in between, whatever the busy timeout.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import DiskFull, HomeUnusable

BUSY_TIMEOUT_S = 30
NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
"""What SQLite calls a write, or the growing of the file that its processes share, for which there is no room."""


NO_DATABASE = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
"""What SQLite calls a file that is none of its own, or is damaged."""


def open_engine(url: str) -> Engine:
    """An engine for `url`, with SQLite set to WAL, foreign keys and full durability."""
    sqlite = url.startswith("sqlite")
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S} if sqlite else {}, pool_pre_ping=not sqlite)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` chooses their kind.
    connection.isolation_level = None
    # SQLite's own knows the capitals of A to Z alone: a search for "über" would pass over "Über".
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lower(text: str | None) -> str | None:
    return None if text is None else unicodedata.normalize("NFC", text).lower()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("graft_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for queries; whatever it changed is rolled back. Raises DiskFull: SQLite's readers share a file."""
    with _told_of_room(), Session(engine, expire_on_commit=False) as session:
        yield session
        session.rollback()


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session whose changes are committed at the end, all or none. Raises DiskFull, after which none are."""
    writer = engine.execution_options(graft_writes=True)
    with _told_of_room(), Session(writer, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def _told_of_room() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "") in NO_ROOM:
            raise DiskFull from error
        raise


def tells_of_damage(error: SQLAlchemyError) -> bool:
    """Whether the database said that its file is damaged, and not that it is out of reach."""
    return getattr(getattr(error, "orig", None), "sqlite_errorname", "") in NO_DATABASE


def migration_config() -> Config:
    """Where Alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema, all or nothing; does nothing when it is there already.

    Raises DiskFull, HomeUnusable.
    """
    config = migration_config()
    writer = engine.execution_options(graft_writes=True)
    with (
        _told_of_the_unusable(),
        _told_of_room(),
        writer.connect() as connection,
        _references_at_rest(connection),
        connection.begin(),
    ):
        attributes: dict[str, Any] = config.attributes
        attributes["connection"] = connection
        before = _schema_number(connection)
        command.upgrade(config, "head")
        if _schema_number(connection) != before:  # to look at a large home takes a while
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if dangling is not None:
                raise RuntimeError(f"a row of the table {dangling[0]} would refer to nothing")


@contextmanager
def _told_of_the_unusable() -> Iterator[None]:
    try:
        yield
    except CommandError as error:  # a revision that no migration of this Graft makes
        raise HomeUnusable("This home was used by a newer Graft.", hint="Install that one.") from error
    except DatabaseError as error:
        if tells_of_damage(error):
            raise HomeUnusable(
                "The database of this home, graft.db, is damaged or is none.",
                hint="Put a copy of it back; the pictures in blobs/ are not touched.",
            ) from error
        raise


def _schema_number(connection: Connection) -> int:
    """Another one after every change of SQLite's tables; 0 of other databases, which enforce references meanwhile."""
    if connection.dialect.name != "sqlite":
        return 0
    return int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())


@contextmanager
def _references_at_rest(connection: Connection) -> Iterator[None]:
    """SQLite changes many a thing of a table only by making it anew and dropping the old one, and with foreign keys
    enforced that deletes all rows that refer to it, or fails. Only outside of a transaction can that be switched off
    (https://www.sqlite.org/lang_altertable.html#otheralter)."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
