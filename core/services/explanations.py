"""Heatmaps of what a model looks at."""

from core.services.base import Service


class Explanations(Service):
    """Heatmaps of what a model looks at."""
