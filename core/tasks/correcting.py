"""What an import tells of pictures that are there already: what is taken over, and what stays against it.

A table corrects case, group, date, split and metadata, and labels that were imported. A label that a person gave here
stays, unless the import is to overrule it. A folder's name gives a label only where none is: folders have their names
for many reasons. Whatever stays against what was told is a line of the report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.exchange import TableRow
from core.labels import LabelValue
from core.store.images import correct_image
from core.store.labels import LastWord, merged_value
from core.store.projects import ProjectView
from core.tasks.import_labels import ImportLabels
from core.types import ImageId, ImageState, LabelSource, Outcome

FACTS = {"case_name": "case", "group_name": "group", "captured_at": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What becomes of a picture that is there: `value` is the label to give it, `words` are for the report.

    `relabelled` where it had another label than the one told: whether that one gives way.
    """

    outcome: Outcome
    words: str
    value: LabelValue | None
    relabelled: bool | None


def correct(
    session: Session, plan: ImportLabels, image_id: ImageId, name: str, last: LastWord | None, *, overrule: bool
) -> Correction:
    """Take over what is told of a picture by the name `name`, of whose label `last` was said last."""
    before = _facts(session, image_id, plan.row(name))
    told, now = plan.value(name), _label(plan.project, last)
    value, relabelled, stays = None, None, ""
    if told is not None and not _same(told, now):
        by_hand = last is not None and last.source is not LabelSource.IMPORT
        if not _judged(last) or overrule or (plan.from_table and not by_hand):
            value, relabelled = told, True if _judged(last) else None
            before["label"] = _words(plan.project, now) if now else None
        else:
            relabelled, stays = False, _stays(plan, told, now, last)
    source = "the table" if plan.row(name) else "its folder"
    parts = [f"{fact} (was {was})" if was is not None else fact for fact, was in before.items()]
    taken = f"Taken over from {source}: {', '.join(parts)}." if parts else ""
    return Correction(
        outcome=Outcome.CORRECTED if parts else Outcome.DUPLICATE,
        words=f"{stays} {taken}".strip(),
        value=value,
        relabelled=relabelled,
    )


def repeated(plan: ImportLabels, name: str, last: LastWord | None) -> Correction:
    """Of several files with one picture in an import the first counts; a later one may give the label it lacks."""
    told, now = plan.value(name), _label(plan.project, last)
    differs = told is not None and now is not None and not _same(told, now)
    return Correction(
        outcome=Outcome.DUPLICATE,
        words=_stays(plan, told, now, last) if told is not None and differs else "",
        value=None if _judged(last) else told,
        relabelled=False if differs else None,
    )


def unmistakable(plan: ImportLabels, named: Mapping[ImageId, str]) -> tuple[dict[ImageId, str], list[tuple[str, str]]]:
    """Of the project's pictures by name, those that a line of the table means; and lines that could mean several."""
    meant: dict[int, list[ImageId]] = {}
    rows: dict[int, TableRow] = {}
    for image_id, name in named.items():
        if (row := plan.row(name)) is not None:
            rows[row.line] = row
            meant.setdefault(row.line, []).append(image_id)
    problems = [
        (
            f"{plan.table}, line {line}",
            f"{rows[line].file[:80]!r} could mean {len(ids):,} pictures of this project, such as {named[ids[0]]} and "
            f"{named[ids[1]]}. Write it with its folder, or send the pictures with the table.",
        )
        for line, ids in sorted(meant.items())
        if len(ids) > 1
    ]
    return {ids[0]: named[ids[0]] for ids in meant.values() if len(ids) == 1}, problems


def _facts(session: Session, image_id: ImageId, row: TableRow | None) -> dict[str, object]:
    """What became different of what is known of a picture besides its label: in words, as it was."""
    if row is None:
        return {}
    before = correct_image(
        session, image_id, case_name=row.case, group_name=row.group, captured_at=row.captured_at, split=row.split,
        extra=row.extra, no_extra=row.used,
    )  # fmt: skip
    return {FACTS.get(name, name): was for name, was in before.items()}


def _judged(last: LastWord | None) -> bool:
    """Whether there is a label, or someone looked and could not tell; a picture that was skipped may be labelled."""
    return last is not None and last.state in (ImageState.LABELLED, ImageState.UNSURE)


def _label(project: ProjectView, last: LastWord | None) -> LabelValue | None:
    return merged_value(project.meant, last.value) if last and last.state is ImageState.LABELLED else None


def _same(told: LabelValue, now: LabelValue | None) -> bool:
    return now is not None and (set(told.classes), told.number) == (set(now.classes), now.number)


def _stays(plan: ImportLabels, told: LabelValue, now: LabelValue | None, last: LastWord | None) -> str:
    if last is not None and last.source is not LabelSource.IMPORT:
        did = f"{last.annotator} labelled it {_words(plan.project, now)}" if now else f"{last.annotator} was unsure"
    else:
        did = f"it was imported as {_words(plan.project, now)}"
    source = "The table" if plan.from_table else "Its folder"
    return f"{source} says {_words(plan.project, told)}, but {did}: that stays."


def _words(project: ProjectView, value: LabelValue | None) -> str:
    if value is None:
        return "nothing"
    names: Sequence[str] = [project.all_classes[item].name for item in value.classes]
    return f"{value.number:.6g}" if value.number is not None else " and ".join(names) or "none of the classes"
