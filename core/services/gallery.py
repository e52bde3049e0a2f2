"""Looking at a project's images: pages, filters, counts."""

from core.services.base import Service


class Gallery(Service):
    """Looking at a project's images: pages, filters, counts."""
