"""What a run's numbers say, and the images behind them."""

from core.services.base import Service


class Results(Service):
    """What a run's numbers say, and the images behind them."""
