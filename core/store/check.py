"""The database's own state, for `graft doctor`. Reads only."""

from dataclasses import dataclass

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from core.store.db import migration_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`schema` is the migration the database stands at; `known` whether this Graft has it; `problem` a damage."""

    schema: str
    known: bool
    at_head: bool
    journal: str
    problem: str


def read_health(engine: Engine) -> Health:
    """Open the database and look. SQLAlchemyError if it cannot be opened."""
    script = ScriptDirectory.from_config(migration_config())
    known = {item.revision for item in script.walk_revisions()}
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        schema = MigrationContext.configure(connection).get_current_revision()
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()) if sqlite else ""
        damage = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()) if sqlite else "ok"
    return Health(
        schema=schema or "",
        known=schema is None or schema in known,
        at_head=schema == script.get_current_head(),
        journal=journal,
        problem="" if damage == "ok" else f"The database is damaged: {damage.splitlines()[-1]}",
    )
