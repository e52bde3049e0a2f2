"""Checks of a project's data: started, and read back as findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from core.errors import BadInput, NotFound
from core.exchange.cautions import (
    PROBES,
    SplitScore,
    crossing_words,
    optimism,
    optimism_words,
    shortcut_words,
    split_scores,
)
from core.jobs.payloads import CheckPayload
from core.services.base import Service
from core.store import current, exports, projects, runs
from core.store.current import CurrentImage
from core.store.db import reading
from core.store.decisions import Decision, read_decisions
from core.store.projects import ProjectView
from core.store.runs import RunRecord
from core.types import ClassId, ImageId, JsonObject, ProjectId, RunId, RunKind, RunState
from core.words import count

__all__ = [
    "PROBES",
    "CheckView",
    "Checks",
    "CurrentImage",
    "DoubtView",
    "FlawView",
    "LeakView",
    "PairView",
    "ShortcutView",
    "shortcut_words",
]


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


class Checks(Service):
    """What may be wrong with a project's data."""

    def start(self, project_id: ProjectId) -> RunId:
        """Queue a check, or find the one that waits or runs. Raises NotFound, BadInput without pictures."""
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
            if exports.count_images(session, project_id)[0] == 0:
                raise BadInput(f"The project {project.name!r} has no pictures.", hint="Bring some in first.")
        last = self.latest(project_id)
        if last is not None and not last.state.ended:
            return last.id
        return self.queue.enqueue(CheckPayload(), project_id=project_id, name="Check")

    def latest(self, project_id: ProjectId) -> RunRecord | None:
        """The project's newest check, in whatever state."""
        with reading(self.engine) as session:
            found = runs.list_runs(session, project_id=project_id, kinds=[RunKind.CHECK], limit=1)
        return found[0] if found else None

    def newest_findings(self, project_id: ProjectId) -> CheckView | None:
        """What the project's newest finished check found."""
        with reading(self.engine) as session:
            done = runs.list_runs(
                session, project_id=project_id, kinds=[RunKind.CHECK], states=[RunState.DONE], limit=1
            )
        return self.read(done[0].id) if done else None

    def spare_copies(self, run_id: RunId) -> tuple[ImageId, ...]:
        """Pictures that can go, because another one that the check found to be the same stays. Raises as `read`.

        Left out is what was deleted since, and a copy with a label that the one which stays has not.
        """
        # A check of an earlier Graft did not look for them.
        found = [(ImageId(copy), ImageId(stays)) for copy, stays in _result(self._done(run_id)).get("spare", ())]
        with reading(self.engine) as session:
            now = current.read_current(session, dict.fromkeys(image for both in found for image in both))
        known = [(now[copy], now[stays]) for copy, stays in found if copy in now and stays in now]
        return tuple(copy.id for copy, stays in known if not copy.labelled or _answer(copy) == _answer(stays))

    def _done(self, run_id: RunId) -> RunRecord:
        run = self.queue.read(run_id)
        if run.kind is not RunKind.CHECK or run.state is not RunState.DONE or run.result is None:
            raise NotFound(f"Run {run_id} is not a finished check.")
        return run

    def read(self, run_id: RunId) -> CheckView:
        """What a check found, beside the labels as they stand now. Raises NotFound while it has not ended well."""
        run = self._done(run_id)
        result = _result(run)
        with reading(self.engine) as session:
            now = current.read_current(session, _images(result))
            project = projects.read_project(session, run.project_id or ProjectId(0))
            standing = {image.id: (image.classes, image.number) for image in now.values()}
            decided = read_decisions(session, project, standing)
        pairs = [
            _pair(item, now) for item in result["pairs"] if all(ImageId(number) in now for number in item["images"])
        ]
        return CheckView(
            run_id=run.id,
            at=run.finished_at,
            pictures=result["pictures"],
            labelled=result["labelled"],
            pairs=tuple(pairs),
            leaks=tuple(_leak(item, now) for item in result["leaks"] if item["kind"] != "near_duplicate"),
            shortcuts=tuple(_shortcut(item) for item in result["shortcuts"]),
            flaws=tuple(
                FlawView(image=now[item["image"]], reasons=tuple(item["reasons"]))
                for item in result["quality"]
                if item["image"] in now
            ),
            doubts=tuple(
                _doubt(item, now[item["image"]], decided)
                for item in result["label_errors"]
                if item["image"] in now and _carries(project, now[item["image"]], item["given"])
            ),
            splitting=split_scores(result),
            features=result["splitting"]["features"],
            counts=result["counts"],
            notes=tuple(result["notes"]),
            unlisted=_unlisted(result),
        )


def _result(run: RunRecord) -> dict[str, Any]:
    return cast(dict[str, Any], run.result)  # written by core.tasks.check


def _answer(image: CurrentImage) -> tuple[bool, tuple[ClassId, ...], float | None]:
    return image.labelled, image.classes, image.number


def _unlisted(result: dict[str, Any]) -> dict[str, int]:
    listed = {
        "near_duplicates": len(result["pairs"]),
        "conflicts": sum(pair["conflict"] for pair in result["pairs"]),
        "across_splits": sum(pair["across_splits"] for pair in result["pairs"]),
        "quality": len(result["quality"]),
        "label_errors": len(result["label_errors"]),
    }
    # A check of an earlier Graft did not count what is across splits.
    return {kind: max(0, result["counts"].get(kind, 0) - number) for kind, number in listed.items()}


def _carries(project: ProjectView, image: CurrentImage, given: str) -> bool:
    """Whether an image still has the label that was doubted; the thirds of numbers are not known here."""
    names = [project.all_classes[item].name for item in image.classes]
    return image.number is not None or (" and ".join(names) or "none") == given


def _shortcut(item: dict[str, Any]) -> ShortcutView:
    known = {key: item[key] for key in ("probe", "score", "chance", "flagged", "pictures")}
    known |= {key: tuple(item[key]) for key in ("interval", "given_away", "typical")}
    return ShortcutView(**known, basis=item.get("basis", ""))  # a check of an earlier Graft said nothing of it


def _doubt(item: dict[str, Any], image: CurrentImage, decided: dict[ImageId, Decision]) -> DoubtView:
    return DoubtView(
        image=image,
        **{key: item[key] for key in ("split", "given", "suggested", "margin")},
        source=item.get("source", ""),
        decided=decided[image.id].annotator if image.id in decided else "",
    )


def _images(result: dict[str, Any]) -> Sequence[ImageId]:
    found = [number for kind in ("pairs", "leaks") for item in result[kind] for number in item["images"]]
    found += [item["image"] for kind in ("quality", "label_errors") for item in result[kind]]
    return [ImageId(number) for number in dict.fromkeys(found)]


def _pair(item: dict[str, Any], now: dict[ImageId, CurrentImage]) -> PairView:
    first, second = (now[number] for number in item["images"])
    told = all(label is not None for label in item["labels"])
    return PairView(
        kind=item.get("kind", "same"),
        images=(first, second),
        names=tuple(item["names"]),
        splits=tuple(item["splits"]),
        labels=tuple(item["labels"]),
        conflict=told and _answer(first) != _answer(second),
        across_splits=item["across_splits"],
    )


def _leak(item: dict[str, Any], now: dict[ImageId, CurrentImage]) -> LeakView:
    return LeakView(
        kind=item["kind"],
        name=item["name"],
        splits=tuple(item["splits"]),
        images=tuple(now[number] for number in item["images"] if number in now),
        pictures=item["pictures"],
    )
