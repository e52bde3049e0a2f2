"""A body's first lessons, without a person's labels. Torch; no database."""

from core.pretraining.engine import Plan, Pretrainer, Watcher
from core.pretraining.methods import METHODS
from core.pretraining.objective import Objective, Pictures, Unnamed
from core.pretraining.signs import Probe, signs

__all__ = ["METHODS", "Objective", "Pictures", "Plan", "Pretrainer", "Probe", "Unnamed", "Watcher", "signs"]
