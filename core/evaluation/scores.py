"""What an evaluation comes to, for every task."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.evaluation.calibration import ReliabilityBin
from core.evaluation.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """One class against the rest. A figure is None where no, or too few, pictures speak for it.

    support    pictures that are of the class; said: pictures it was said of; right: both
    """

    support: int
    said: int
    right: int
    precision: Interval | None
    recall: Interval | None
    specificity: Interval | None
    f1: Interval | None
    auroc: Interval | None
    average_precision: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of `count` pictures in `units` cases, groups or single pictures.

    figures      by key of FIGURES, the most important first; None means too few pictures to tell
    cells        what was counted: (K, K) truth by prediction for one class or grade per picture;
                 (K, 3) found, missed, false alarm for several classes at once; empty for numbers
    reliability  bins of the confidence; empty for numbers
    """

    count: int
    units: int
    figures: Mapping[str, Interval | None]
    classes: tuple[ClassScore, ...] = ()
    cells: tuple[tuple[int, ...], ...] = ()
    reliability: tuple[ReliabilityBin, ...] = ()
