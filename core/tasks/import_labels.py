"""Which label each file of an import gets: from a table, or from the folder it lies in."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import BadInput, GraftError
from core.exchange import LabelTable, TableRow, read_label_table
from core.exchange.class_list import CLASS_LIST, read_class_list
from core.exchange.coco import CircledPicture, read_coco
from core.exchange.labels_csv import LABEL_NAMES, Matcher, plain_name
from core.jobs.context import JobContext
from core.jobs.payloads import ImportPayload
from core.labels import Circle, ClassSpec, LabelValue, same_name, validated_classes
from core.media import Entry, Source
from core.media.sources import AS_CSV, open_source
from core.store import projects
from core.store.db import reading, writing
from core.store.projects import ClassView, ProjectView
from core.types import ProjectId, Task
from core.words import count, listed

MOST_NEW_CLASSES = 200
IN_ORDER = "From low to high the grades are now: {}. Page Classes puts them in another order."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLabels:
    """Answers for each file's name. `table` is called so. `problems` are lines for the report: name and reason.

    `made` are the classes that were missing and that a picture should have.
    """

    project: ProjectView
    table: str
    matcher: Matcher[TableRow] | None
    from_table: bool
    from_folders: bool
    problems: tuple[tuple[str, str], ...]
    circled: Matcher[CircledPicture]
    made: tuple[ClassView, ...]

    def circles(self, name: str) -> tuple[Circle, ...]:
        """What was circled in a file."""
        found = self.circled.find(name)
        return found.circles if found else ()

    def row(self, name: str) -> TableRow | None:
        """The table's row for a file."""
        return self.matcher.find(name) if self.matcher else None

    def value(self, name: str) -> LabelValue | None:
        """The label of a file, if any is known and usable."""
        row = self.row(name)
        if row and row.none_of_them and self.project.task is Task.MULTI:
            return LabelValue()
        texts: Sequence[str] = row.labels if row else ()
        if not texts and self.from_folders and not self.from_table:
            texts = [folder] if (folder := PurePosixPath(name).parent.name) else []
        return value_of(self.project, texts)


def value_of(project: ProjectView, texts: Sequence[str]) -> LabelValue | None:
    """The label that these words mean in this project; None if none is given or one is unknown."""
    if not texts:
        return None
    if project.task is Task.REGRESSION:
        try:
            value = LabelValue(number=float(texts[0].replace(",", ".")))
            value.check(project.task)
        except (ValueError, BadInput):
            return None
        return value
    found = [project.class_named(text) for text in texts]
    ids = tuple(item.id for item in found if item is not None)
    if len(ids) != len(texts) or (project.task is not Task.MULTI and len(ids) != 1):
        return None
    return LabelValue(classes=ids)


def plan_labels(
    context: JobContext, project: ProjectView, payload: ImportPayload, source: Source, *, there: Sequence[str] = ()
) -> ImportLabels:
    """Read the table, make the classes that are missing, and say what cannot be used.

    Of a source without pictures the table is about those that are `there`, by their names.
    """
    table, name, problems = _table(context, payload, source)
    from_table = table is not None and bool(table.label_column)
    came = [entry.name for entry in source.pictures]
    meant = _meant(table, came or there) if table else []
    folders = list(dict.fromkeys(PurePosixPath(entry.name).parent.name for entry in source.pictures))
    from_folders = payload.folder_labels and project.task is not Task.REGRESSION and _are_classes(project, folders)
    wanted: list[str] = []
    if table is not None and from_table:
        usable = [row for row in meant if not _is_several(project, row)]  # of a line that counts for nothing, none
        wanted = list(dict.fromkeys(text for row in usable for text in row.labels))
    elif from_folders:
        wanted = [folder for folder in folders if folder]
    lists = {entry.name: names for entry in source.annotations if (names := _class_list(entry)) is not None}
    # Of two datasets at once none counts: each has its own order.
    before, listed_classes = project.classes, next(iter(lists.values())) if wanted and len(lists) == 1 else []
    if project.task is not Task.REGRESSION:
        project, trouble = _with_classes(context, project, wanted, listed_classes, create=payload.create_classes)
        problems.extend((name or text, reason) for text, reason in trouble)
        new = len(project.classes) > len(before)
        if project.task is Task.ORDINAL and new and [item.name for item in project.classes] != listed_classes:
            order = IN_ORDER.format(listed([item.name for item in project.classes], 20))
            told = f"New grades came last. {order}" if before else order
            problems.append((name or project.classes[len(before)].name, told))
    if table is not None:
        problems.extend((f"{name}, line {line}", reason) for line, reason in table.problems)
        if table.remark:
            problems.append((name, table.remark))
        problems.extend(_unusable(project, meant, table.label_column, name))
        problems.extend(_contradicting(table, name))
        if source.pictures and not from_table and not from_folders:
            problems.append((name, _no_labels(table)))
        problems.extend(_unmatched(table, meant, "that came" if came else "of this project", name))
        if from_table:
            problems.extend(_unnamed(table, came, name, lying_in_classes=from_folders))
    unused = set(listed_classes) - set(wanted)
    circled, trouble = _circled([entry for entry in source.annotations if entry.name not in lists])
    problems.extend(trouble)
    return ImportLabels(
        project=project,
        table=name,
        circled=Matcher(circled),
        made=tuple(item for item in project.classes[len(before) :] if item.name not in unused),
        matcher=table.matcher() if table else None,
        from_table=from_table,
        from_folders=from_folders,
        problems=tuple(problems),
    )


def _circled(annotations: Sequence[Entry]) -> tuple[list[CircledPicture], list[tuple[str, str]]]:
    """Boxes and ellipses of COCO files, and those that are none."""
    circled: list[CircledPicture] = []
    problems: list[tuple[str, str]] = []
    for entry in annotations:
        try:
            circled += read_coco(entry.read(), PurePosixPath(entry.name).name)
        except GraftError as error:
            problems.append((entry.name, str(error)))
    return circled, problems


def _class_list(entry: Entry) -> list[str] | None:
    """The classes of an exported dataset, in their order; None for another file."""
    if PurePosixPath(entry.name).name != CLASS_LIST:
        return None
    try:
        return read_class_list(entry.read())
    except GraftError:
        return None


def _are_classes(project: ProjectView, folders: Sequence[str]) -> bool:
    # One folder alone is where the pictures happened to lie, unless it is called like a class.
    named = [folder for folder in folders if folder]
    return len(named) > 1 or any(project.class_named(folder) for folder in named)


def _table(
    context: JobContext, payload: ImportPayload, source: Source
) -> tuple[LabelTable | None, str, list[tuple[str, str]]]:
    entry = _table_entry(context, payload, source)
    if entry is None:
        several = [(table.name, "There are several tables; say which one has the labels.") for table in source.tables]
        return None, "", several if len(several) > 1 else []
    try:
        table = read_label_table(
            entry.read(),
            PurePosixPath(entry.name).name,
            file_column=payload.file_column,
            label_column=payload.label_column,
            case_column=payload.case_column,
            group_column=payload.group_column,
            date_column=payload.date_column,
        )
    except GraftError as error:
        if not source.pictures:  # the table is all there is
            raise
        return None, entry.name, [(entry.name, f"{error} The pictures go in without it.")]
    return table, entry.name, []


def _table_entry(context: JobContext, payload: ImportPayload, source: Source) -> Entry | None:
    if not payload.labels_csv:
        return source.tables[0] if len(source.tables) == 1 else None
    inside = [table for table in source.tables if payload.labels_csv in (table.name, PurePosixPath(table.name).name)]
    if inside:
        return inside[0]
    with open_source(payload.labels_csv, context.settings) as other:
        if not other.tables:
            raise BadInput(f"{payload.labels_csv} is not a CSV file.", hint=AS_CSV)
        return other.tables[0]


def _with_classes(
    context: JobContext, project: ProjectView, wanted: Sequence[str], in_order: Sequence[str], *, create: bool
) -> tuple[ProjectView, list[tuple[str, str]]]:
    """The project with these classes, too: first those that are there `in_order`, then the others by their names."""
    told = set(in_order)
    # No set of names: of two that differ in capitals alone the first counts.
    others = sorted((name for name in dict.fromkeys(wanted) if name not in told), key=_in_order)
    missing = [text for text in (*in_order, *others) if project.class_named(text) is None]
    if not missing or not create:
        return project, []
    if len(missing) > MOST_NEW_CLASSES:
        return project, [
            (
                missing[0],
                f"{len(missing):,} different labels would make as many classes; none was made. Check the column.",
            )
        ]
    specs = [ClassSpec(name=item.name, colour=item.colour, key=item.key) for item in project.classes]
    known, trouble = len(specs), list[tuple[str, str]]()
    for text in missing:
        if any(same_name(text) == same_name(spec.name) for spec in specs):
            continue  # it differs from another in capitals alone
        try:
            specs = validated_classes([*specs, ClassSpec(name=text)])
        except BadInput as error:
            trouble.append((text, f"{error} No class was made of it."))
    with writing(context.engine) as session:
        present = len(projects.read_project(session, project.id).all_classes)
        for offset, spec in enumerate(specs[known:]):
            projects.add_class(session, project.id, spec, position=present + offset)
    with reading(context.engine) as session:
        return projects.read_project(session, ProjectId(project.id)), trouble


def _no_labels(table: LabelTable) -> str:
    others = list(dict.fromkeys(column for row in table.rows for column in row.extra))
    shown = f" One of these, if it does: {', '.join(others)[:300]}." if others else ""
    usual = ", ".join(LABEL_NAMES)
    return f"No column is called {usual}: it gives no labels. Send it again and say which column does.{shown}"


def _in_order(name: str) -> tuple[float, list[str | int]]:
    """Numbers by their size, before words by their words and numbers: stage 2 comes before stage 10."""
    parts = re.split(r"(\d+)", name)
    words: list[str | int] = [int(part) if number % 2 else part.casefold() for number, part in enumerate(parts)]
    whole = re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", name)
    return float(name.replace(",", ".")) if whole else math.inf, words


def _meant(table: LabelTable, pictures: Sequence[str]) -> list[TableRow]:
    """The lines that are of one of these pictures, in their order: no other gives a label or makes a class."""
    matcher = table.matcher()
    found = {row.line: row for picture in pictures if (row := matcher.find(picture)) is not None}
    return [found[line] for line in sorted(found)]


def _unusable(project: ProjectView, meant: Sequence[TableRow], column: str, name: str) -> list[tuple[str, str]]:
    problems = []
    for row in meant:
        if row.labels and value_of(project, row.labels) is None:
            shown = " | ".join(row.labels)[:80]
            kind = "is not a class of this project"
            if project.task is Task.REGRESSION:
                kind = "is not a number that can be computed with"
            elif _is_several(project, row):
                kind = f"is {len(row.labels)} labels, and a picture has one here"
            reason = f"Column {column!r}: {shown!r} {kind}. This line gives no label."
            problems.append((f"{name}, line {row.line}", reason))
    return problems


def _is_several(project: ProjectView, row: TableRow) -> bool:
    return project.task in (Task.SINGLE, Task.ORDINAL) and len(row.labels) > 1


def _contradicting(table: LabelTable, name: str) -> list[tuple[str, str]]:
    return [
        (
            f"{name}, line {row.line}",
            f"{row.file[-80:]!r} is in line {before.line}, too, and that says otherwise: line {row.line} counts.",
        )
        for before, row in table.contradictions()
    ]


def _unmatched(table: LabelTable, meant: Sequence[TableRow], where: str, name: str) -> list[tuple[str, str]]:
    used = {plain_name(row.file) for row in meant}
    missing = [row for row in table.rows if plain_name(row.file) not in used]
    if not missing:
        return []
    first = missing[0]
    name_no = "names no" if len(missing) == 1 else "name no"
    reason = f"{len(missing):,} of its lines {name_no} picture {where}, such as line {first.line}: {first.file[:80]!r}."
    return [(name, reason)]


def _unnamed(table: LabelTable, came: Sequence[str], name: str, *, lying_in_classes: bool) -> list[tuple[str, str]]:
    """Files beside a table of labels that none of its lines names: they stay without one, wherever they lie.

    Not all need be pictures: they are read later.
    """
    matcher = table.matcher()
    missing = [picture for picture in came if matcher.find(picture) is None]
    if not missing:
        return []
    are_in = "is in" if len(missing) == 1 else "are in"
    of = count(len(came), "picture file")
    reason = f"{len(missing):,} of {of} {are_in} none of its lines, such as {missing[0][-80:]!r}: without a label."
    if lying_in_classes:
        reason += " Beside a table of labels, folders give none; to have both, bring the folders alone first."
    return [(name, reason)]
