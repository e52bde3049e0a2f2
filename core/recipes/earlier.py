"""The earlier run whose network a recipe starts from, as its weights name it: "run:5", or "run:5/fold-3"."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"run:(\d+)(?:/fold-(\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class EarlierModel:
    """A run, and which fold of it where it is a cross-validation; 0 for one network."""

    run: int
    fold: int = 0

    @property
    def weights(self) -> str:
        """As a recipe names it."""
        return f"run:{self.folder}"

    @property
    def folder(self) -> str:
        """Where its files lie among the models'."""
        return f"{self.run}/fold-{self.fold}" if self.fold else f"{self.run}"

    @property
    def words(self) -> str:
        """As people name it."""
        return f"run {self.run}, fold {self.fold}" if self.fold else f"run {self.run}"


def earlier_model(weights: str) -> EarlierModel | None:
    """The run that these weights name; None for others."""
    found = _NAME.fullmatch(weights)
    return EarlierModel(int(found[1]), int(found[2] or 0)) if found else None
