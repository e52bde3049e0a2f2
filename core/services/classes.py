"""Changing a project's classes without losing a label."""

from core.services.base import Service


class Classes(Service):
    """Changing a project's classes without losing a label."""
