"""Starting, watching and stopping training runs."""

from core.services.base import Service


class Training(Service):
    """Starting, watching and stopping training runs."""
