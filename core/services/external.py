"""External tests: a model on the labelled pictures of another project, apart from its own test split."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sqlalchemy.orm import Session

from core.catalogue import ModelCard
from core.errors import BadInput, NameTaken, NotEnoughImages, NotFound
from core.jobs.payloads import NOT_THERE, EvaluatePayload, ImportPayload
from core.labels import same_name
from core.services.base import Service
from core.services.imports import Imports
from core.services.projects import Projects
from core.settings import expanded
from core.store import exports, predictions, projects, runs, versions
from core.store.db import reading, writing
from core.store.projects import ProjectView
from core.store.runs import RunRecord
from core.store.versions import VersionItem
from core.types import ClassId, JsonObject, ProjectId, RunId, RunKind, RunState, Split, Task, VersionId
from core.words import count, listed

RULE = "external test: all labelled pictures of the model's classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalView:
    """A test of a model on another project. `note` says what was left out, or "".

    `merged` are those of the model's classes that count as others there.
    """

    id: RunId
    model: RunId
    project_id: ProjectId
    project: str
    state: RunState
    error: str
    note: str
    merged: tuple[str, ...]
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What counts as one: `together` is "cases", "groups" or single "pictures"; `unnamed` pictures name neither."""

    together: str
    pictures: int
    unnamed: int

    @property
    def warning(self) -> str:
        """What was taken for a case of its own though nothing says that it is one; "" if every picture names its."""
        if not self.unnamed:
            return ""
        if self.unnamed == self.pictures:
            taken = "Nothing says which pictures are of one case: each was taken for a case of its own."
        else:
            one, many = "picture names no case or group: it", "pictures name no case or group: each"
            taken = f"{count(self.unnamed, one, many)} was taken for one of its own."
        return f"{taken} Where several are of one patient, plant or field, the intervals are too narrow."


class External(Service):
    """Tests of models on other projects' pictures."""

    def bring_folder(
        self, model: RunId, folder: str, *, labels_csv: str = "", case_column: str = "", group_column: str = ""
    ) -> RunId:
        """Queue the import of a folder of classes of this machine into a project of its name, to test the model on.

        A table, `labels_csv`, lies on this machine or in the folder, and may name cases and groups by these columns.
        Raises NotFound for a run without a model, BadInput for a folder or table that is not there, and as `bring`.
        """
        self.expects(model)  # a run without a model is told before anything of the folder
        path = expanded(folder).absolute()
        if not path.is_dir():
            raise BadInput(f"There is no folder {folder!r}.", hint="Check the path.")
        if labels_csv and not Path(labels_csv).is_file() and not (path / labels_csv).is_file():
            raise BadInput(f"There is no table {labels_csv!r}.", hint="Check the path.")
        payload = ImportPayload(
            source=str(path), labels_csv=labels_csv, case_column=case_column, group_column=group_column,
            create_classes=False,
        )  # fmt: skip
        try:
            return self.bring(model, f"External: {path.resolve().name}", payload)
        except NameTaken as error:  # perhaps of another folder of that name: pictures of two must not be mixed
            raise NameTaken(
                f"{error.message} A folder of that name was brought in before.",
                hint="Test on the pictures of that project, or give the folder another name.",
            ) from error

    def tested_on(self, model: RunId, bringing: RunId) -> RunId | None:
        """The test of the model on what an import brought in, begun now if there is none since; None while it runs.

        Raises BadInput if the import failed or was stopped, NotEnoughImages if nothing came in, and as `start`.
        """
        run = self.queue.read(bringing)
        if run.kind is not RunKind.IMPORT or run.project_id is None:
            raise NotFound(f"Run {bringing} is no import.")
        if not run.state.ended:
            return None
        if self.give_up(bringing):
            if run.state is RunState.DONE:
                raise NotEnoughImages("The folder holds no picture that could be used.", hint="Check the folder.")
            raise BadInput(f"The pictures did not come in. {run.error}".strip(), hint=run.hint)
        if run.state is not RunState.DONE:
            raise BadInput(
                f"Not all pictures came in. {run.error}".strip(), hint="Name the folder again: it goes on from there."
            )
        test = next((test for test in self.list(model) if test.project_id == run.project_id), None)
        if test is None or (test.ended and run.finished_at and test.ended < run.finished_at):
            return self.start(model, run.project_id)
        return test.id

    def bring(self, model: RunId, name: str, payload: ImportPayload) -> RunId:
        """Queue the import of pictures to test the model on into a project called `name`, which is made for them.

        Where an import of them was begun before and did not end, that one goes on; one that left no labelled picture
        is made again. Raises NameTaken if the project holds others, or pictures that were brought in before.
        """
        task, classes = self.expects(model)
        importing = Imports(self.engine, self.settings, self.queue)
        with reading(self.engine) as session:
            found = projects.find_project(session, name)
            if found is not None:
                last = _last_import(session, found)
                holds = projects.has_pictures(session, found)
                labelled = bool(versions.list_labelled(session, found))
        if found is None:
            made = Projects(self.engine, self.settings, self.queue).create_from_names(name, task, classes)
            return importing.start(made, payload)
        before = None if last is None else ImportPayload.from_json(last.payload)
        if last is not None and last.state is not RunState.DONE and before == payload:
            self.queue.resume(last.id)  # of one that waits or runs there is nothing to resume
            return last.id
        same = last is not None and before is not None and before.source == payload.source
        if not holds or (last is not None and same and (last.state is not RunState.DONE or not labelled)):
            return importing.start(found, payload)
        raise NameTaken(f"There is already a project called {name!r}.", hint="Choose another name.")

    def give_up(self, bringing: RunId) -> bool:
        """Remove the project that an ended import was to fill, if nothing has come in. False: it holds something."""
        with writing(self.engine) as session:
            project_id = runs.read_run(session, bringing).project_id
            return project_id is not None and projects.remove_unused(session, project_id)

    def unended(self, project_id: ProjectId) -> RunRecord | None:
        """The project's last import, unless it was done: pictures may be missing."""
        with reading(self.engine) as session:
            return _unended(session, project_id)

    def start(self, model: RunId, project_id: ProjectId) -> RunId:
        """Queue the model of run `model` on the project's labelled pictures; classes are matched by their names.

        What has been merged or renamed since it learnt, here or there, counts as what it is now. Pictures without a
        label, and of classes that the model does not know, are left out. Raises NotFound for a
        run without a model, BadInput for another task, no common class or the model's own project, NotEnoughImages
        without a picture.
        """
        with writing(self.engine) as session:
            run = runs.read_run(session, model)
            card = predictions.model_card(session, model)
            project = projects.read_project(session, project_id)
            if run.project_id == project_id:
                raise BadInput("An external test needs pictures of another project.", hint="Choose another project.")
            matched = _match(project, card, _names(session, run, card))
            version_id, left_out = _freeze(session, project, card, matched)
            note = ". ".join(filter(None, (*matched.words, left_out, _incomplete(_unended(session, project_id)))))
        payload = EvaluatePayload(model=model, counted_as=list(matched.counted_as))
        return self.queue.enqueue(payload, project_id=run.project_id, name=note, version_id=version_id)

    def counted(self, test: RunId) -> Counted:
        """What counts as one in a test's intervals. Raises NotFound for a run without a dataset version."""
        with reading(self.engine) as session:
            run = runs.read_run(session, test)
            if run.version_id is None:
                raise NotFound(f"Run {test} is no test.")
            version = versions.read_version(session, run.version_id)
        return Counted(
            together=version.together,
            pictures=len(version.items),
            unnamed=sum(not item.unit for item in version.items),
        )

    def list(self, model: RunId) -> "list[ExternalView]":
        """The tests of a run's model on other projects, the newest first; of each project only the newest."""
        found: dict[ProjectId, ExternalView] = {}
        with reading(self.engine) as session:
            own = runs.read_run(session, model).project_id
            for run in runs.list_runs(session, project_id=own, kinds=[RunKind.EVALUATE]):
                if run.payload.get("model") != model or run.version_id is None:
                    continue
                other = projects.read_project(session, versions.read_project_id(session, run.version_id))
                if other.deleted_at is not None:
                    continue
                view = ExternalView(
                    id=run.id,
                    model=model,
                    project_id=other.id,
                    project=other.name,
                    state=run.state,
                    error=f"{run.error} {run.hint}".strip(),
                    note=told(run),
                    merged=_merged(session, run),
                    ended=run.finished_at,
                )
                found.setdefault(other.id, view)
        return [*found.values()]

    def fitting(self, model: RunId) -> dict[ProjectId, str]:
        """Other projects that share the model's task and, but for numbers, at least one class: id -> name.

        Empty while the run has no model.
        """
        with reading(self.engine) as session:
            run = runs.read_run(session, model)
            found = predictions.read_card(session, model)
            if found is None:
                return {}
            card = ModelCard.from_json(found)
            names = _names(session, run, card)
            return {
                item.id: item.name
                for item in projects.list_projects(session)
                if item.id != run.project_id
                and item.task is card.task
                and (card.task is Task.REGRESSION or _match(item, card, names).positions)
            }

    def expects(self, model: RunId) -> tuple[Task, tuple[str, ...]]:
        """The task and class names that a project must have to test the model. Raises NotFound."""
        with reading(self.engine) as session:
            card = predictions.model_card(session, model)
        return card.task, card.classes


def _last_import(session: Session, project_id: ProjectId) -> RunRecord | None:
    return next(iter(runs.list_runs(session, project_id=project_id, kinds=[RunKind.IMPORT], limit=1)), None)


def _unended(session: Session, project_id: ProjectId) -> RunRecord | None:
    last = _last_import(session, project_id)
    return None if last is None or last.state is RunState.DONE else last


def _incomplete(last: RunRecord | None) -> str:
    if last is None:
        return ""
    ended = "did not end" if last.state.ended else "had not ended yet"
    return f"Its last import, run {last.id}, {ended}: pictures may be missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """A model's classes in another project.

    positions   the project's class ids -> positions among the model's classes
    counted_as  as in EvaluatePayload
    words       what has become another class, in half sentences
    """

    positions: dict[int, int]
    counted_as: tuple[int, ...]
    words: tuple[str, ...]


def _names(session: Session, run: RunRecord, card: ModelCard) -> list[tuple[str, ...]]:
    """What each of the model's classes was called when it learnt, then what its project calls it now or has made it."""
    if run.version_id is None or run.project_id is None:
        return [(name,) for name in card.classes]
    project = projects.read_project(session, run.project_id)
    learnt, known = versions.read_head(session, run.version_id).classes, project.all_classes
    ids = {str(item["name"]): ClassId(int(str(item["id"]))) for item in learnt}
    return [
        (name, *(known[item].name for item in project.became(ids[name]) if item in known)) if name in ids else (name,)
        for name in card.classes
    ]


def _match(project: ProjectView, card: ModelCard, names: Sequence[tuple[str, ...]]) -> _Matched:
    """By name; what it learnt comes before what that is called now. What the project merged is what it has become."""
    found: dict[ClassId, list[int]] = {}
    for position, own in enumerate(names):
        meant = [item for name in own if (item := project.class_named(name)) is not None and not item.archived]
        if meant:
            found.setdefault(meant[0].id, []).append(position)
    positions, counted_as, words = dict[int, int](), list(range(len(names))), []
    for class_id, several in found.items():
        name = project.all_classes[class_id].name
        others = [index for index in several if same_name(card.classes[index]) != same_name(name)]
        place = next((index for index in several if index not in others), several[0])
        positions[int(class_id)] = place
        for index in several:
            counted_as[index] = place
        if others:
            was = "the class was" if len(others) == 1 else "the classes were"
            old = listed([card.classes[index] for index in others])
            words.append(f"What the model calls {old} counts as {name}: {was} merged or renamed since it learnt")
    changed = counted_as != list(range(len(names)))
    return _Matched(positions=positions, counted_as=tuple(counted_as) if changed else (), words=tuple(words))


def _merged(session: Session, test: RunRecord) -> tuple[str, ...]:
    """Which of the model's classes count as others in a test."""
    counted_as = EvaluatePayload.from_json(test.payload).counted_as
    if not counted_as or test.version_id is None:
        return ()
    names = versions.read_head(session, test.version_id).class_names
    return tuple(name for index, name in enumerate(names) if counted_as[index] != index)


def _freeze(session: Session, project: ProjectView, card: ModelCard, matched: _Matched) -> tuple[VersionId, str]:
    if project.task is not card.task:
        raise BadInput(f"{project.name} has labels of another kind than the model.", hint="Choose another project.")
    positions = matched.positions
    if not positions and card.task is not Task.REGRESSION:
        have = listed([item.name for item in project.classes]) or "none"
        raise BadInput(
            f"{project.name} has none of the model's classes ({listed(card.classes)}).",
            hint=f"Its classes are {have}. Rename them, so that the same thing has the same name.",
        )
    items, left_out, put_away = [], 0, 0
    archived = {item.id for item in project.archived_classes}
    labelled = versions.list_labelled(session, project.id)
    for image in labelled:
        targets = tuple(sorted(positions[int(item)] for item in image.classes if int(item) in positions))
        usable = image.number is not None if card.task is Task.REGRESSION else len(targets) == 1
        if not usable and card.task is not Task.MULTI:
            gone = bool(image.classes) and archived.issuperset(image.classes)
            put_away, left_out = put_away + gone, left_out + (not gone)
            continue
        items.append(
            VersionItem(
                image_id=image.id, blob=image.blob, split=Split.TEST, targets=targets, number=image.number,
                case_name=image.case_name, group_name=image.group_name,
            )
        )  # fmt: skip
    if not items:
        raise NotEnoughImages(f"{project.name} has no labelled picture of the model's classes.", hint="Label some.")
    ids = {position: class_id for class_id, position in positions.items()}
    colours = {int(item.id): item.colour for item in project.classes}
    called = {int(item.id): item.name for item in project.classes}
    classes: list[JsonObject] = [
        {
            "id": ids.get(index, 0),
            "name": name if same_name(now := called.get(ids.get(index, 0), name)) == same_name(name) else now,
            "colour": colours.get(ids.get(index, 0), ""),
        }
        for index, name in enumerate(card.classes)
    ]
    version_id = versions.create_version(
        session,
        project.id,
        task=project.task,
        classes=classes,
        split_rule=RULE,
        items=items,
        now=datetime.now(UTC),
    )
    pictures, _ = exports.count_images(session, project.id)
    # A folder that is brought in to be tested on makes no class: its pictures of others come without a label.
    bare = "without a number" if card.task is Task.REGRESSION else "without a label here"
    unknown = "of classes that the model does not know"
    said = (
        _left_out(left_out, unknown),
        _left_out(put_away, "of classes that were archived there"),
        _left_out(pictures - len(labelled), bare),
    )
    return version_id, ". ".join(filter(None, said))


def told(test: RunRecord) -> str:
    """What there is to say of a test: what was merged, what was left out, and which answers could not be right."""
    found = (test.result or {}).get(NOT_THERE)
    if not isinstance(found, dict) or not found["pictures"]:
        return test.name
    names, pictures = cast(list[str], found["classes"]), count(int(str(found["pictures"])), "picture")
    has = "a class" if len(names) == 1 else "classes"
    wrong = f"The model says {listed(names)} of {pictures}, {has} that the project does not use: that counts as wrong"
    return ". ".join(filter(None, (test.name, wrong)))


def _left_out(number: int, which: str) -> str:
    return count(number, f"picture {which} is left out", f"pictures {which} are left out") if number else ""
