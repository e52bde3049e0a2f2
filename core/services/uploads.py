"""Receiving files from the browser, chunk by chunk."""

from core.services.base import Service


class Uploads(Service):
    """Receiving files from the browser, chunk by chunk."""
