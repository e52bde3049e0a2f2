"""What a decision costs where the model will be used: how common the class is there, and which mistake is worse.

The threshold follows from the costs (Elkan 2001, The foundations of cost-sensitive learning, IJCAI) and from how common
the class is there instead of among the pictures (Saerens, Latinne & Decaestecker 2002,
https://doi.org/10.1162/089976602753284446), for probabilities that are right on average, as validation pictures make
them: no test picture chooses it, so they can judge it. The decision curve is that of Vickers & Elkin 2006
(https://doi.org/10.1177/0272989X06295361).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units, proportion
from core.evaluation.resampling import Resampler, interval

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
FEWEST = 2
"""Units with and without the class below which nothing is said."""
SUREST = 1e-9
"""How near to 0 and 1 a probability is taken to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Where a model will be used.

    prevalence  how common the class is there, in (0, 1)
    miss        how many false alarms are as bad as one miss, > 0
    """

    prevalence: float
    miss: float

    @property
    def act_from(self) -> float:
        """The chance, there, from which acting is worth it."""
        return 1 / (1 + self.miss)

    @property
    def cost_of_all(self) -> float:
        """What acting on all of 1,000 costs, counted in false alarms."""
        return 1000 * (1 - self.prevalence)

    @property
    def cost_of_none(self) -> float:
        """What acting on none of 1,000 costs, counted in false alarms."""
        return 1000 * self.prevalence * self.miss


def cheapest(by_model: float, on_all: float, on_none: float) -> str:
    """What costs least; a model that costs as much as acting on all or on none gains nothing, and so is not named."""
    price = {"acting on all": on_all, "acting on none": on_none, "acting by the model": by_model}
    return min(price, key=lambda name: round(price[name]))


def pays(by_model: float, on_all: float) -> bool:
    """Whether the net benefit of acting by the model is above those of acting on all and on none, which is 0."""
    return by_model > max(on_all, 0.0) + 1e-9


def with_gaps(useful: Sequence[bool]) -> str:
    """What to add to "from the first to the last chance at which it pays" if it does not pay at all between them."""
    places = [place for place, pays_there in enumerate(useful) if pays_there]
    whole = not places or len(places) == places[-1] - places[0] + 1
    return "" if whole else ", though not everywhere between"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What deciding by a threshold on the model's probability comes to.

    ppv, npv         how many of those it says have it do, and of those it says have it not do not, at that prevalence;
                     None where it never says so
    found, missed, false_alarms, left_alone  of 1,000 there
    cost             what its mistakes among 1,000 cost, counted in false alarms
    """

    threshold: float
    support: int
    count: int
    sensitivity: Interval
    specificity: Interval
    ppv: Interval | None
    npv: Interval | None
    found: Interval
    missed: Interval
    false_alarms: Interval
    left_alone: Interval
    cost: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """Net benefit per 1,000 at one threshold: of the model, and of acting on all. Acting on none has 0."""

    act_from: float
    model: Interval
    everyone: float


def moved(chance: float, from_prevalence: float, to_prevalence: float) -> float:
    """A chance among pictures where the class is so common, as it would be where it is otherwise common."""
    odds = chance / (1 - chance) * _odds(to_prevalence) / _odds(from_prevalence)
    return odds / (1 + odds)


def _odds(share: float) -> float:
    return share / (1 - share)


def leaning(there: Flags, shares: Values) -> float:
    """How much higher the log odds of probabilities (N,) should be for as many pictures as have the class (N,).

    What makes rare classes count more while learning makes them too probable, and common ones not probable enough,
    which one temperature for all does not undo. This does: calibration in the large (Steyerberg et al. 2004,
    https://doi.org/10.1002/sim.1844), with a standard normal prior, so that few pictures move it little.
    """
    sure = np.clip(shares, SUREST, 1 - SUREST)
    odds = np.log(sure / (1 - sure))

    def lacking(lean: float) -> float:
        return float((there - scipy.special.expit(odds + lean)).sum()) - lean

    return float(scipy.optimize.brentq(lacking, -len(there) - 1, len(there) + 1))


def threshold_of(use: Use, usual: float, lean: float = 0.0) -> float:
    """The model's probability from which to act.

    usual  the share of the class among the pictures that the model was calibrated by
    lean   by how much its log odds were too low there
    """
    return _model_says(use.act_from, use.prevalence, usual, lean)


def _model_says(chance: float, prevalence: float, usual: float, lean: float) -> float:
    """The model's probability of a picture whose chance is this where the model is used."""
    odds = _odds(moved(chance, prevalence, usual)) * np.exp(-lean)
    return float(odds / (1 + odds))


def enough(there: Flags, units: Units) -> bool:
    """Whether there are pictures enough with and without the class."""
    return min(len(np.unique(units.codes[mask])) for mask in (there, ~there)) >= FEWEST


def decide(there: Flags, shares: Values, units: Units, use: Use, threshold: float) -> Decided | None:
    """What acting from `threshold` comes to, of N pictures with (N,) and probabilities (N,); None for too few."""
    if not enough(there, units):
        return None
    said = shares >= threshold
    found, passed = float(said[there].mean()), float((~said[~there]).mean())
    draws = _Draws(there, units)
    ((hits,), (rests,)) = draws.rates(said[:, None])
    sensitivity = proportion(said[there], units.chosen(there))
    specificity = proportion(~said[~there], units.chosen(~there))
    assert sensitivity is not None and specificity is not None

    def per_thousand(share: float, rate: Interval) -> Interval:
        return rate.through(lambda value: 1000 * share * value)

    def others(rate: Interval) -> Interval:
        return Interval(1 - rate.value, 1 - rate.high, 1 - rate.low)

    sick, well = use.prevalence, 1 - use.prevalence
    return Decided(
        threshold=threshold,
        support=int(there.sum()),
        count=len(there),
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=draws.ratio(sick * found, well * (1 - passed), sick * hits, well * (1 - rests)),
        npv=draws.ratio(well * passed, sick * (1 - found), well * rests, sick * (1 - hits)),
        found=per_thousand(sick, sensitivity),
        missed=per_thousand(sick, others(sensitivity)),
        false_alarms=per_thousand(well, others(specificity)),
        left_alone=per_thousand(well, specificity),
        cost=draws.interval(
            1000 * (sick * (1 - found) * use.miss + well * (1 - passed)),
            1000 * (sick * (1 - hits) * use.miss + well * (1 - rests)),
        ),
    )


def decision_curve(
    there: Flags,
    shares: Values,
    units: Units,
    prevalence: float,
    usual: float,
    chances: Sequence[float],
    *,
    lean: float = 0.0,
) -> tuple[Benefit, ...]:
    """Net benefit when one acts from each of these chances (of the class being there, where it will be used).

    Found ones, less false alarms weighed by what the chance says one is worth. `usual` and `lean` as in
    `threshold_of`. Empty for too few pictures.
    """
    if not enough(there, units):
        return ()
    thresholds = np.array([_model_says(chance, prevalence, usual, lean) for chance in chances])
    said = shares[:, None] >= thresholds
    draws = _Draws(there, units)
    hits, rests = draws.rates(said)
    points = []
    for index, chance in enumerate(chances):
        weight = chance / (1 - chance) * (1 - prevalence)
        value = prevalence * float(said[there, index].mean()) - weight * float(said[~there, index].mean())
        drawn = prevalence * hits[index] - weight * (1 - rests[index])
        points.append(
            Benefit(
                act_from=chance,
                model=draws.interval(1000 * value, 1000 * drawn),
                everyone=1000 * (prevalence - weight),
            )
        )
    return tuple(points)


class _Draws:
    """Resampled shares found of what is there, and left alone of what is not."""

    def __init__(self, there: Flags, units: Units) -> None:
        self.there, self.resampler = there, Resampler(units)
        self._rarer = min(len(np.unique(units.codes[mask])) for mask in (there, ~there))
        self._doubt = self.resampler.doubt((2,)), self.resampler.doubt((2,))

    def rates(self, said: Flags) -> tuple[Values, Values]:
        """Sensitivity and specificity (T, B) each, of decisions (N, T), with what was not seen but may be."""
        return self._rate(said, self.there, self._doubt[0]), self._rate(~said, ~self.there, self._doubt[1])

    def _rate(self, right: Flags, side: Flags, doubt: Values) -> Values:
        columns = [*(right & side[:, None]).T.astype(np.float64), side.astype(np.float64)]
        sums = self.resampler.sums(columns).T  # (T + 1, B)
        rates: Values = (sums[:-1] + doubt[:, 0]) / (sums[-1] + doubt.sum(1))
        return rates

    def interval(self, value: float, samples: Values) -> Interval:
        """As sure as the rarer side allows."""
        return interval(value, samples, units=2 * self._rarer, parts=2)

    def ratio(self, right: float, wrong: float, rights: Values, wrongs: Values) -> Interval | None:
        """right / (right + wrong), or None where both are 0."""
        if right + wrong <= 0:
            return None
        return self.interval(right / (right + wrong), rights / np.maximum(rights + wrongs, 1e-12))
