"""Alembic's entry: runs the migrations on the connection that `core.store.db.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum

from core.store.tables import Base, UtcDateTime


def _rendered(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    # Migrations outlive the code: they name plain column types only.
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return "sa.String(20)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_rendered,
)
with context.begin_transaction():
    context.run_migrations()
