"""What a report tells, as values. Whoever gathers them leaves out what is not known; its section is left out then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.charts import LineageStep
from core.evaluation import folds_words
from core.exchange.report.drawing import Dots
from core.exchange.report.values import entries, lines
from core.types import JsonObject, JsonValue
from core.words import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A small JPEG and words."""

    jpeg: bytes
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """A picture, the same with what the model looked at over it, and words."""

    jpeg: bytes
    over: bytes
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resembling:
    """A picture, words, and the training pictures that it resembles to the model, the nearest first."""

    shown: Picture
    words: str
    near: Sequence[Picture]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureMap:
    """Pictures of the dataset version as points: `drawn` of them, by their label and by right or wrong.

    result  of the job that drew the map
    layout  "umap" or "directions", which say what near and far mean
    own     whether the model itself was asked what lies near, and not a network that has learnt none of the labels
    """

    result: JsonObject
    layout: str
    drawn: int
    own: bool
    by_label: Sequence[Dots]
    by_verdict: Sequence[Dots]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """From the project's pictures to those of the dataset version: numbers with their words, and when taken."""

    steps: Sequence[tuple[str, int]]
    first_taken: datetime | None
    last_taken: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A test on other pictures: which project, what was left out, and results as `graft results --json` gives them."""

    name: str
    note: str
    results: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One sentence of caution; a grave one is said at the top, too."""

    words: str
    grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What a report tells. Its figures come from `results` and what jobs found, which `graft results --check` checks.

    title         what the run is called
    results       what `graft results --json` gives
    heat_words    how the heatmaps were made, or why there are none
    best_epoch    which was kept; 0 is the start, at which only the head had learnt; None where it was not recorded
    notes         what there was to say of the training
    resembling    mistakes with the training pictures they resemble; `resembling_words` say why there are none
    comparison    another training on the same pictures, held against this one; None where there is none
    picture_map   the map of the pictures; None where none was drawn
    robustness    what `graft robustness --json` gives; as the next three, None where it was not made
    forecast      what `graft forecast --json` gives
    grades        what `graft grade --json` gives
    changes       what `graft changed --json` gives
    checks        what the check of the data found, or nothing found; empty if there was none
    verified      what was held against the stored snapshot: name, whether it agrees, words
    lineage       from the oldest run that the model descends from to this one
    repeat        the command that makes the run again
    """

    project: str
    guideline: str
    unit: str
    synthetic: bool
    title: str
    results: JsonObject
    recipe: JsonObject
    parameters: int | None
    best_epoch: int | None
    notes: Sequence[str]
    trained_at: datetime
    made_at: datetime
    device: str
    code_version: str
    libraries: Mapping[str, str]
    flow: Flow
    failures: Sequence[Picture]
    heatmaps: Sequence[Heatmap]
    heat_words: str
    resembling: Sequence[Resembling]
    resembling_words: str
    comparison: JsonObject | None
    picture_map: PictureMap | None
    robustness: JsonObject | None
    forecast: JsonObject | None
    grades: JsonObject | None
    changes: JsonObject | None
    checks: Sequence[str]
    external: Sequence[External]
    limits: Sequence[Limit]
    lineage: Sequence[LineageStep]
    verified: Sequence[tuple[str, bool, str]]
    repeat: str

    @property
    def sizes(self) -> dict[str, int]:
        """Split -> pictures."""
        return {name: int(str(size)) for name, size in entries(self.results["splits"]).items()}

    @property
    def folds(self) -> str:
        """Of how many folds or random splits a cross-validation was made, in words; "" for any other training."""
        told = entries(self.results["folds"])
        return folds_words(told) if told else ""

    @property
    def apart_from_test(self) -> int:
        """How many pictures took part beside those to test by."""
        return sum(self.sizes.values()) - self.sizes.get("test", 0)

    @property
    def leaking(self) -> str:
        """How many cases or groups stand in several splits, in words; "" where none does."""
        found = self.counts.get("leaking")
        return count(int(found), self.together.removesuffix("s")) if isinstance(found, int) and found else ""

    @property
    def counts(self) -> Mapping[str, JsonValue]:
        """Of the dataset version: `classes`, `together`, `units`."""
        return entries(self.results["counts"])

    @property
    def together(self) -> str:
        """What stays in one split and counts as one: "pictures", "cases" or "groups"."""
        return str(self.counts["together"])

    @property
    def labelling(self) -> Mapping[str, JsonValue]:
        """Who labelled, and their agreement; empty where that was not recorded."""
        return entries(self.results.get("labelling"))

    @property
    def people(self) -> list[tuple[str, str]]:
        """Who labelled, people or programs, and how; empty where that was not recorded."""
        return [(str(line["name"]), str(line["how"])) for line in lines(self.labelling.get("people"))]
