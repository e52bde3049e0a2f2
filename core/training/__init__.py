"""Teaching a network. Torch; no database."""

from core.training.head import HeadFit, fit_head, fit_temperature

__all__ = ["HeadFit", "fit_head", "fit_temperature"]
