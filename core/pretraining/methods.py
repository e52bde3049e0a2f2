"""The ways to pretrain, by name."""

from collections.abc import Callable

from core.pretraining.noise_as_targets import NoiseAsTargets
from core.pretraining.objective import Objective, Pictures
from core.pretraining.simclr import SimCLR
from core.pretraining.supervised import Supervised
from core.pretraining.vicreg import VICReg

METHODS: dict[str, Callable[[int, Pictures], Objective]] = {
    "supervised": Supervised,
    "simclr": SimCLR,
    "vicreg": VICReg,
    "nat": NoiseAsTargets,
}
"""Name (as in `core.catalogue.PRETRAININGS`) -> builds the objective for that many features."""
