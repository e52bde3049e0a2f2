"""Bringing pictures in, and the report of what became of each."""

from core.services.base import Service


class Imports(Service):
    """Bringing pictures in, and the report of what became of each."""
