"""What a check of a project's data found, beside how the pictures stand now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.exchange.cautions import PROBES, SplitScore, crossing_words, optimism, optimism_words, shortcut_words
from core.store.current import CurrentImage
from core.types import JsonObject, RunId
from core.words import count

__all__ = [
    "PROBES", "CheckView", "CurrentImage", "DoubtView", "FlawView", "LeakView", "PairView", "ShortcutView",
    "shortcut_words",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Two pictures that are the same; `labels` as they stood, in words, None without one.

    `kind` is "same", or "part" for one that is the other mirrored, turned, or cut out of it.
    """

    kind: str

    images: tuple[CurrentImage, CurrentImage]
    names: tuple[str, str]
    splits: tuple[str | None, str | None]
    labels: tuple[str | None, str | None]
    conflict: bool
    across_splits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakView:
    """A case or group with pictures in several splits."""

    kind: str
    name: str
    splits: tuple[str, ...]
    images: tuple[CurrentImage, ...]
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortcutView:
    """What a probe ("borders" or "file") reached: balanced accuracy, its 95% interval, and chance.

    `typical` is what is usual of each class's files; `basis` says which pictures its limits and score are of.
    """

    probe: str
    score: float
    interval: tuple[float, float]
    chance: float
    flagged: bool
    given_away: tuple[str, ...]
    pictures: int
    typical: tuple[JsonObject, ...]
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlawView:
    """A picture that was taken badly, and why."""

    image: CurrentImage
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtView:
    """A picture whose label looks wrong; `margin` is how much likelier the other class is, 0 to 1.

    `source` says by whose answers, `decided` who has since found the label right, or "".
    """

    image: CurrentImage
    split: str | None
    given: str
    suggested: str
    margin: float
    source: str
    decided: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A finished check. Pictures deleted, and pairs and doubts mended, since then are left out.

    `counts` are those of the check itself, by kind; `unlisted` how many of them its list has no room for; `notes` say
    what could not be judged, and why.
    """

    run_id: RunId
    at: datetime | None
    pictures: int
    labelled: int
    pairs: tuple[PairView, ...]
    leaks: tuple[LeakView, ...]
    shortcuts: tuple[ShortcutView, ...]
    flaws: tuple[FlawView, ...]
    doubts: tuple[DoubtView, ...]
    splitting: tuple[SplitScore, ...]
    features: str
    counts: dict[str, int]
    notes: tuple[str, ...]
    unlisted: Mapping[str, int] = field(default_factory=dict)

    @property
    def same(self) -> int:
        """Pairs of pictures that look like one picture, listed or not."""
        return len(self.pairs) + self.unlisted.get("near_duplicates", 0)

    @property
    def conflicting(self) -> int:
        """Such pairs with different labels."""
        return sum(pair.conflict for pair in self.pairs) + self.unlisted.get("conflicts", 0)

    @property
    def crossing(self) -> int:
        """Such pairs in different splits."""
        return sum(pair.across_splits for pair in self.pairs) + self.unlisted.get("across_splits", 0)

    @property
    def undecided(self) -> int:
        """Labels that may be wrong and that nobody found right."""
        return sum(not item.decided for item in self.doubts) + self.unlisted.get("label_errors", 0)

    @property
    def flawed(self) -> int:
        """Pictures taken badly."""
        return len(self.flaws) + self.unlisted.get("quality", 0)

    @property
    def flagged(self) -> tuple[ShortcutView, ...]:
        """Short cuts that are clear."""
        return tuple(item for item in self.shortcuts if item.flagged)

    @property
    def optimism(self) -> tuple[SplitScore, SplitScore] | None:
        """Random against whole cases or groups, where the second is clearly lower."""
        return optimism(self.splitting)

    @property
    def all_clear(self) -> str:
        """What to say where nothing is suspicious; it claims no more than could be judged."""
        limit = ", as far as it could be judged" if self.notes else ""
        return f"Nothing suspicious found in {count(self.pictures, 'picture')}{limit}."

    @property
    def leaking(self) -> str:
        """How many of which kind have pictures in several splits."""
        kinds = {item.kind for item in self.leaks}
        kind = kinds.pop() if len(kinds) == 1 else ""
        return count(len(self.leaks), kind) if kind else count(len(self.leaks), "case or group", "cases or groups")

    @property
    def suspicious(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.sentences)

    @property
    def grave(self) -> tuple[str, ...]:
        """One plain sentence per finding that makes scores too good."""
        found = [shortcut_words(item.probe, item.score, item.interval, item.chance) for item in self.flagged]
        found += optimism_words(self.splitting)
        if self.leaks:
            found.append(f"{self.leaking} in several splits.")
        found += crossing_words(self.crossing)
        return tuple(found)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One plain sentence per kind of finding, the gravest first."""
        found = [
            (self.same, "pair", "of pictures that look like one picture"),
            (self.conflicting, "pair", "of such pictures with different labels"),
            (self.undecided, "label", "that may be wrong"),
            (self.flawed, "picture", "taken badly"),
        ]
        rest = (f"{count(number, noun)} {words}." for number, noun, words in found if number)
        return (*self.grave, *rest)
