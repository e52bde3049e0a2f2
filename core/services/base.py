"""What every service is given."""

from dataclasses import dataclass

from sqlalchemy import Engine

from core.jobs import Queue
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """A group of use cases over one database and one home. Opens its own transactions; returns frozen views."""

    engine: Engine
    settings: Settings
    queue: Queue
