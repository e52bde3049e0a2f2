"""Predicting new pictures."""

from core.services.base import Service


class Predictions(Service):
    """Predicting new pictures."""
