"""Every figure in an expert's words: what it means, how it is computed, and from whom."""

from dataclasses import dataclass
from typing import Literal

from core.evaluation.interval import Interval
from core.evaluation.resampling import FEWEST_TOGETHER, RESAMPLES
from core.words import places, plain_number

Kind = Literal["share", "index", "number"]
_REWEIGHTED = (
    f"The interval comes from {RESAMPLES:,} reweightings of the cases, groups or pictures "
    "(Bayesian bootstrap, Rubin 1981)"
)
RESAMPLED = f"{_REWEIGHTED}, with half a picture's doubt added for what was not seen."
OF_NUMBERS = f"{_REWEIGHTED}. It knows only errors that were seen: rarer and larger ones are not in it."
RANKED = (
    "The interval is the delta method's on the logit scale, summed by case or group (DeLong 1988, Obuchowski 1997)."
)

TOGETHER = f" (from {FEWEST_TOGETHER} cases or groups, if they are named)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as people meet it. `meaning` may use {value}, {hundred} (about how many of 100), {points} and {unit}.

    kind    share: shown in percent; index: a number without unit; number: in the label's unit
    higher  whether more is better
    least   what it needs before it is shown
    """

    title: str
    kind: Kind
    meaning: str
    how: str
    higher: bool = True
    least: str = "at least one picture"

    def shown(self, interval: Interval, unit: str = "") -> str:
        """The value as text, with no more digits than the interval warrants."""
        return self._text(interval.value, interval, unit)

    def range(self, interval: Interval, unit: str = "") -> str:
        """The interval as text."""
        return f"{self._text(interval.low, interval)} to {self._text(interval.high, interval, unit)}"

    def _text(self, value: float, interval: Interval, unit: str = "") -> str:
        width = interval.high - interval.low
        if self.kind == "share":
            return f"{value:.0%}" if width > 0.1 or value in (0, 1) else f"{value:.1%}"
        if self.kind == "number":
            return f"{plain_number(value, places(interval.low, interval.high))}{f' {unit}' if unit else ''}"
        return plain_number(value, 2 if width > 0.01 else 3)

    def sentence(self, interval: Interval, unit: str = "") -> str:
        """What the value means, in one plain sentence."""
        ends = f"{interval.low * 100:.0f} and {interval.high * 100:.0f}"
        wide = interval.high - interval.low > 0.1
        about = f"{interval.value * 100:.0f}"
        hundred = f"between {ends}" if wide else f"about {about}"
        points = f"{hundred} point{'s' if wide or about != '1' else ''}"
        return self.meaning.format(
            value=self.shown(interval, unit), hundred=hundred, points=points, unit=unit or "units"
        )


FIGURES: dict[str, Figure] = {
    "accuracy": Figure(
        title="Accuracy", kind="share",
        meaning="Of 100 pictures like these, {hundred} are named rightly.",
        how="Pictures named rightly, divided by all. Wilson's interval (1927), with the effective number of pictures "
        "where several belong to one case or group.",
    ),
    "balanced_accuracy": Figure(
        title="Balanced accuracy", kind="share",
        meaning="Were every class equally common, {hundred} of 100 would be named rightly.",
        how="The mean over the classes of the share found (recall): a rare class counts as much as a common one. "
        + RESAMPLED,
        least=f"pictures of at least two classes{TOGETHER}",
    ),
    "macro_f1": Figure(
        title="Macro F1", kind="index",
        meaning="Finding each class without crying wolf, averaged over the classes: 1 is perfect.",
        how="Per class, F1 = 2 x right / (pictures of the class + pictures said to be of it); then the mean over the "
        "classes that have pictures. " + RESAMPLED,
        least=f"pictures of at least two classes{TOGETHER}",
    ),
    "quadratic_kappa": Figure(
        title="Agreement (kappa)", kind="index",
        meaning="Agreement with the experts' grades: 1 is perfect, 0 is what guessing would reach.",
        how="Cohen's kappa with quadratic weights (1968): being two grades off counts four times one grade off. "
        + RESAMPLED,
        least=f"pictures of at least two grades{TOGETHER}",
    ),
    "grades_off": Figure(
        title="Grades off", kind="index", higher=False,
        meaning="On average it is {value} grades away from the expert's grade.",
        how="The mean number of grades between truth and prediction (mean absolute error). " + RESAMPLED,
        least=f"at least one picture{TOGETHER}",
    ),
    "within_one": Figure(
        title="At most one grade off", kind="share",
        meaning="Of 100 pictures like these, {hundred} get the right grade or the next one.",
        how="Pictures at most one grade off, divided by all. " + RESAMPLED,
        least=f"at least one picture{TOGETHER}",
    ),
    "mean_ap": Figure(
        title="Mean average precision", kind="index",
        meaning="How well it puts pictures that have a class before those that have not: 1 is perfect.",
        how="Per class, the mean of the precision at each picture that has it, in order of the probability; then the "
        "mean over the classes that two pictures or more have and two or more have not. " + RANKED,
        least="at least 10 pictures of classes that two or more have and two or more have not",
    ),
    "micro_f1": Figure(
        title="Micro F1", kind="index",
        meaning="Finding what is there without crying wolf, over all decisions: 1 is perfect.",
        how="F1 of all pictures and classes counted together. " + RESAMPLED,
        least=f"at least one picture{TOGETHER}",
    ),
    "exact_match": Figure(
        title="Wholly right", kind="share",
        meaning="Of 100 pictures like these, {hundred} get exactly their classes, none missed or added.",
        how="Pictures whose set of classes is said exactly, divided by all. Wilson's interval (1927).",
    ),
    "auroc": Figure(
        title="AUROC", kind="index",
        meaning="Of a picture with a class and one without, the chance that it ranks them rightly: 0.5 is guessing.",
        how="Area under the ROC curve, each class against the rest; then the mean over the classes that two pictures "
        "or more have and two or more have not. " + RANKED,
        least="at least 10 pictures of classes that two or more have and two or more have not",
    ),
    "ece": Figure(
        title="Calibration error", kind="share", higher=False,
        meaning="What it says to be sure of is off by {points} on average.",
        how="Expected calibration error (Guo 2017): predictions in ten bins of confidence; the gap between mean "
        "confidence and share right, averaged over the bins. Chance alone adds to it in small samples; the interval is "
        "the reflected bootstrap's, which takes that off.",
        least="at least 30 pictures",
    ),
    "brier": Figure(
        title="Brier score", kind="index", higher=False,
        meaning="The distance of its probabilities from the truth: 0 is perfect.",
        how="The mean squared difference between probabilities and truth (Brier 1950), halved where the "
        "probabilities sum to one: 0 best, 1 worst. " + RESAMPLED,
        least="at least 10 pictures",
    ),
    "mae": Figure(
        title="Typical error (MAE)", kind="number", higher=False,
        meaning="On average it is {value} away from the expert's number.",
        how="The mean absolute difference between truth and prediction. " + OF_NUMBERS,
        least="at least 10 pictures",
    ),
    "rmse": Figure(
        title="RMSE", kind="number", higher=False,
        meaning="Like the typical error, but large errors weigh more.",
        how="The root of the mean squared difference. " + OF_NUMBERS,
        least="at least 10 pictures",
    ),
    "r2": Figure(
        title="R²", kind="index",
        meaning="How much of the differences between pictures it explains: 1 is all, 0 no more than the mean would.",
        how="1 - squared errors / squared distances from the mean. " + OF_NUMBERS,
        least="at least 10 pictures that differ",
    ),
    "bias": Figure(
        title="Leaning", kind="number", higher=False,
        meaning="On average it says {value} more than the expert (less, if negative).",
        how="The mean difference, prediction minus truth: 0 is best. " + OF_NUMBERS,
        least="at least 10 pictures",
    ),
}  # fmt: skip
"""Figures by their key in `Scores.figures`."""
