"""One class against the rest."""

import numpy as np
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units, proportion
from core.evaluation.ranking import Ranked, auroc, average_precision, ranked_interval
from core.evaluation.scores import ClassScore


def class_score(
    there: NDArray[np.bool_], said: NDArray[np.bool_], units: Units, ranks: tuple[Ranked | None, Ranked | None]
) -> ClassScore:
    """Scores of a class by where it is, where it was said (N,), and its AUROC and average precision."""
    return ClassScore(
        support=int(there.sum()),
        said=int(said.sum()),
        right=int((there & said).sum()),
        precision=proportion(there[said], units.chosen(said)),
        recall=proportion(said[there], units.chosen(there)),
        specificity=proportion(~said[~there], units.chosen(~there)),
        f1=f1_interval(there, said, units) if there.any() else None,
        auroc=ranked_interval(ranks[0], units),
        average_precision=ranked_interval(ranks[1], units),
    )


def class_ranks(
    there: NDArray[np.bool_], probabilities: NDArray[np.float64] | None, units: Units
) -> tuple[Ranked | None, Ranked | None]:
    """AUROC and average precision of a class, where there are probabilities."""
    if probabilities is None:
        return None, None
    return auroc(there, probabilities, units), average_precision(there, probabilities, units)


def f1_interval(there: NDArray[np.bool_], said: NDArray[np.bool_], units: Units) -> Interval | None:
    """F1 is 2 J / (1 + J) of the share J that is both, among what is or was said: Wilson's interval of J, carried over
    (the "indirect" interval, https://arxiv.org/abs/2309.14621)."""
    either = there | said
    both = proportion((there & said)[either], units.chosen(either))
    return None if both is None else both.through(lambda share: 2 * share / (1 + share))
