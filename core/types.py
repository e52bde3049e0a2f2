"""Names shared by every layer: ids, closed sets and JSON."""

from enum import StrEnum
from typing import NewType

ProjectId = NewType("ProjectId", int)
ClassId = NewType("ClassId", int)
ImageId = NewType("ImageId", int)
RunId = NewType("RunId", int)
VersionId = NewType("VersionId", int)

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]

MOST_DIGITS = 18
"""Of a whole number from outside: every one of them fits the database's 64 bits, and no id comes near."""


def whole_number(text: str) -> int | None:
    """The whole number that a text from outside is: no sign, no other script's digits, none too long. Else None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


class Task(StrEnum):
    """What a label is: one class, several classes, a grade in an order, or a number."""

    SINGLE = "single"
    MULTI = "multi"
    ORDINAL = "ordinal"
    REGRESSION = "regression"


class Split(StrEnum):
    """Which part an image plays: learnt from, chosen by, or looked at once at the end."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


KEPT_TOGETHER = ("case", "group")
"""What the folds of a cross-validation can be told not to cut through, the usual first."""


class ImageState(StrEnum):
    """Where an image stands in labelling."""

    UNLABELLED = "unlabelled"
    LABELLED = "labelled"
    SKIPPED = "skipped"
    UNSURE = "unsure"


class LabelKind(StrEnum):
    """What a label event does to an image. Undo is an event too (LabelSource.UNDO): it restores an earlier value.

    CONFIRM is a second look at the label that stands, and finds it right.
    """

    SET = "set"
    CONFIRM = "confirm"
    SKIP = "skip"
    UNSURE = "unsure"
    CLEAR = "clear"
    FLAG = "flag"
    UNFLAG = "unflag"


class LabelSource(StrEnum):
    """How a label came about.

    UNDO takes back one word that the same person said of the image, and holds what stands without it.
    """

    HAND = "hand"
    IMPORT = "import"
    SUGGESTION = "suggestion"
    UNDO = "undo"


class RunState(StrEnum):
    """Life of a job: queued -> running -> done | failed | cancelled; running -> queued if its worker died."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the run by itself."""
        return self in (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


class RunKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    TRAIN = "train"
    SEARCH = "search"
    RATES = "rates"
    PRETRAIN = "pretrain"
    PREDICT = "predict"
    EXPLAIN = "explain"
    EXPORT = "export"
    EVALUATE = "evaluate"
    CHECK = "check"
    ROBUSTNESS = "robustness"
    HEATMAPS = "heatmaps"
    GRADE = "grade"
    NEIGHBOURS = "neighbours"
    CHANGES = "changes"
    MAP = "map"
    FORECAST = "forecast"


class Lane(StrEnum):
    """Which line a job waits in. One job at a time runs in each lane.

    Training has the device to itself; what judges data and models takes minutes, and files wait for neither;
    interactive answers in a second.
    """

    TRAINING = "training"
    ANALYSIS = "analysis"
    FILES = "files"
    INTERACTIVE = "interactive"


class Outcome(StrEnum):
    """What became of one file of an import."""

    ADDED = "added"
    DUPLICATE = "duplicate"
    CORRECTED = "corrected"  # a duplicate of which something was told that was not known, and taken over
    REJECTED = "rejected"
