"""Recording labels and handing out what to label next."""

from core.services.base import Service


class Labelling(Service):
    """Recording labels and handing out what to label next."""
