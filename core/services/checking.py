"""Checks of a project's data: started, and read back as findings."""

from collections.abc import Sequence
from typing import Any, cast

from core.errors import BadInput, NotFound
from core.exchange.cautions import split_scores
from core.jobs.payloads import CheckPayload
from core.services.base import Service
from core.services.findings import CheckView, DoubtView, FlawView, LeakView, PairView, ShortcutView
from core.store import current, exports, projects, runs
from core.store.current import CurrentImage
from core.store.db import reading
from core.store.decisions import Decision, read_decisions
from core.store.projects import ProjectView
from core.store.runs import RunRecord
from core.types import ClassId, ImageId, ImageState, ProjectId, RunId, RunKind, RunState


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
        return tuple(
            copy.id for copy, stays in known if copy.state is not ImageState.LABELLED or _answer(copy) == _answer(stays)
        )

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


def _answer(image: CurrentImage) -> tuple[ImageState, tuple[ClassId, ...], float | None]:
    return image.state, image.classes, image.number


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
