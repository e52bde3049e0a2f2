"""What more pictures of a class should bring: its learning curve, and where the curve goes on to.

Errors fall as a power of the number of pictures learnt from, e(n) = a n^-b + c (Hestness et al. 2017,
https://arxiv.org/abs/1712.00409; used to ask for data by Mahmood et al. 2022, https://arxiv.org/abs/2207.01725; its
limits: Viering & Loog 2021, https://arxiv.org/abs/2103.10948). a and c, which may not be negative, are found by least
squares for every b of a grid. The interval comes from drawing the judged cases, groups or pictures anew (Bayesian
bootstrap), and it grows with the distance, because every sample's curve goes its own way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units
from core.evaluation.resampling import Resampler, interval

SAMPLES = 400
POWERS = np.linspace(0.1, 1.5, 29)
FARTHEST = 3.0
"""Times as many pictures as there are: beyond that nothing is forecast."""
POINTS = 25
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """A class's recall by the number of its pictures learnt from.

    sizes, tried   where it was tried, and what was found there
    ahead, path    from the pictures there are to FARTHEST times as many, and the forecast there
    gains          how much more that is than with the pictures there are
    tested         the forecast for all pictures that half of them would have made, and what came; None if not tried
    """

    sizes: tuple[float, ...]
    tried: tuple[Interval, ...]
    ahead: tuple[float, ...]
    path: tuple[Interval, ...]
    gains: tuple[Interval, ...]
    tested: tuple[Interval, float] | None


def fit_power_law(sizes: Values, errors: Values) -> Values:
    """a, b and c (B, 3) of B curves with errors (B, S) at sizes (S,)."""
    x = sizes[None, :] ** -POWERS[:, None]  # (P, S)
    mean_x, mean_y = x.mean(1), errors.mean(1)
    spread = np.maximum(((x - mean_x[:, None]) ** 2).sum(1), 1e-12)
    a = ((errors - mean_y[:, None]) @ (x - mean_x[:, None]).T) / spread  # (B, P)
    c = mean_y[:, None] - a * mean_x
    free = (errors @ x.T) / (x**2).sum(1)  # the best a where c is 0
    a, c = np.where(c < 0, np.maximum(free, 0), a), np.maximum(c, 0)
    c = np.where(a < 0, mean_y[:, None], c)
    a = np.maximum(a, 0)
    misses = ((errors[:, None, :] - a[..., None] * x - c[..., None]) ** 2).sum(2)  # (B, P)
    best = misses.argmin(1)
    rows = np.arange(len(errors))
    return np.stack([a[rows, best], POWERS[best], c[rows, best]], 1)


def expected(law: Values, sizes: Values) -> Values:
    """Recalls (B, n) in [0, 1] that laws (B, 3) give at sizes (n,)."""
    a, b, c = (law[:, index, None] for index in range(3))
    return np.clip(1 - a * sizes[None, :] ** -b - c, 0, 1)


def forecast(sizes: Values, hits: Values, units: Units, now: int) -> Curve:
    """The curve of a class with `now` pictures.

    sizes  (S,) numbers of its pictures learnt from, growing; the last is all that could be
    hits   (N, S) how often each of its judged pictures was found, 0 to 1
    units  what those N pictures belong to; at least 2
    """
    resampler = Resampler(units, resamples=SAMPLES)
    sums = resampler.sums([*hits.T, np.ones(len(hits))])
    errors = 1 - sums[:, :-1] / sums[:, -1:]  # (B, S)
    middle = 1 - hits.mean(0, keepdims=True)
    ahead = np.geomspace(now, now * FARTHEST, POINTS)

    def at(chosen: slice, where: Values) -> tuple[Values, Values]:
        return (
            expected(fit_power_law(sizes[chosen], middle[:, chosen]), where)[0],
            expected(fit_power_law(sizes[chosen], errors[:, chosen]), where),
        )

    path, samples = at(slice(None), ahead)
    many = units.count
    early = int((sizes <= sizes[-1] * 0.55).sum())
    tested = None
    if early >= 3:
        said, spread = at(slice(early), sizes[-1:])
        tested = (interval(float(said[0]), spread[:, 0], units=many), float(hits[:, -1].mean()))
    return Curve(
        sizes=tuple(sizes.tolist()),
        tried=tuple(interval(1 - float(middle[0, s]), 1 - errors[:, s], units=many) for s in range(len(sizes))),
        ahead=tuple(ahead.tolist()),
        path=tuple(interval(float(path[n]), samples[:, n], units=many) for n in range(POINTS)),
        gains=tuple(
            interval(float(path[n] - path[0]), samples[:, n] - samples[:, 0], units=many) for n in range(POINTS)
        ),
        tested=tested,
    )
