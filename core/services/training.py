"""Starting trainings and following them."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from core.catalogue import BackboneInfo, ModelCard, backbone_info, search_backbones
from core.errors import BadInput, NotEnoughImages, NotFound
from core.evaluation import SCORE_NAMES
from core.jobs.payloads import TrainPayload
from core.labels import match_classes
from core.recipes import ACCURATE, SMALL, Choice, DataFacts, Recipe, choose_recipe, earlier_model, starting_from
from core.services.base import Service
from core.services.dataset import (
    Foreseen,
    foresee,
    foresee_apart,
    foresee_apart_of,
    foresee_version,
    freeze,
    lacking,
)
from core.services.origin import kept_words
from core.services.weights import (
    ensure_reach,
    has_kept,
    know_much,
    out_of_reach,
    parent_of,
    reaches_imagenet,
    settled,
    unavailable,
    usual_weights,
)
from core.splits import JUDGED, lacking_words
from core.splits.assign import SHARES
from core.store import predictions, projects, runs, versions
from core.store.db import reading, writing
from core.store.projects import ProjectView
from core.store.runs import RunRecord
from core.store.versions import VersionRecord
from core.types import KEPT_TOGETHER, ProjectId, RunId, RunKind, RunState, Split, Task
from core.words import are, count

__all__ = ["BackboneInfo", "RunRecord", "Training", "kept_words", "search_backbones", "unavailable"]

LOG_BYTES = 20_000
MOST_FOLDS, MOST_REPEATS = 20, 10

_LEARNT = {(False, False): "each by itself", (True, False): "rank by rank (CORN)", (True, True): "rank by rank (CORAL)"}
"""How grades were learnt, by whether a head is ranked, and shared."""


class Training(Service):
    """Trainings of a project."""

    def start(
        self,
        project_id: ProjectId,
        recipe: Recipe,
        name: str = "",
        *,
        folds: int = 0,
        repeats: int = 1,
        shuffle: bool = False,
        keep_together: str = "case",
        reasons: Sequence[str] = (),
        version: int | None = None,
    ) -> RunId:
        """Freeze the labels as a dataset version and queue a training on it; with `folds`, a cross-validation.

        With `shuffle` so many random splits instead of folds, which cannot be repeated. With `keep_together` "group"
        whole groups are left out, where otherwise each case, or else each group, stays in one fold.
        `reasons` say why the recipe was chosen, for its page. With `version` an earlier dataset version is taken, by
        its number, instead. Raises NotFound for it, BadInput
        for a recipe that cannot be trained, NotEnoughImages with the smallest number.
        """
        if folds and not 2 <= folds <= MOST_FOLDS:
            raise BadInput(f"There can be 2 to {MOST_FOLDS} folds, not {folds}.")
        if not 1 <= repeats <= MOST_REPEATS:
            raise BadInput(f"There can be 1 to {MOST_REPEATS} repeats, not {repeats}.")
        if shuffle and (not folds or repeats > 1):
            raise BadInput("Random splits are as many as there are folds.", hint="Give folds, and no repeats.")
        if keep_together not in KEPT_TOGETHER:
            raise BadInput(f"Folds keep {' or '.join(KEPT_TOGETHER)} together, not {keep_together!r}.")
        if keep_together == "group" and not folds:
            raise BadInput("Whole groups are left out by folds only.", hint="Give folds.")
        recipe = settled(self.engine, recipe)
        parent = parent_of(self.engine, self.settings, recipe.weights, recipe.backbone)
        backbone_info(recipe.backbone).check_part(recipe.tune)
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            recipe.check_task(project.task)
            if version is None:
                version_id = freeze(session, project, now=datetime.now(UTC))
            else:
                version_id = versions.find_version(session, project_id, version)
            if folds:
                found = replace(versions.read_version(session, version_id), whole=keep_together)
                _check_folds(found, JUDGED if shuffle else folds)
        return self.queue.enqueue(
            TrainPayload(
                folds=folds,
                repeats=repeats,
                shuffle=shuffle,
                keep_together=keep_together,
                reasons=[*reasons],
            ),
            project_id=project_id,
            name=name,
            recipe=recipe.to_json(),
            version_id=version_id,
            parent_id=parent,
        )

    def foresee(self, project_id: ProjectId, version: int | None = None) -> Foreseen:
        """What a test will be worth: of the labels as they stand now, or of an earlier dataset version.

        Raises NotFound.
        """
        with reading(self.engine) as session:
            if version is not None:
                found = versions.find_version(session, project_id, version)
                return foresee_version(versions.read_version(session, found))
            return foresee(session, projects.read_project(session, project_id))

    def warnings(
        self, project_id: ProjectId, version: int | None = None, *, folded: bool = False, choosing: bool = False
    ) -> tuple[str, ...]:
        """What makes a test worth less than its score says, the gravest first, each with a way out.

        `folded`: it is trained fold by fold. `choosing`: the validation pictures decide between many trainings.
        Raises NotFound.
        """
        foreseen, found = self.foresee(project_id, version), []
        if foreseen.leaking:
            leaking = count(foreseen.leaking, "case or group has", "cases or groups have")
            found.append(
                f"{leaking} pictures in several splits: the test asks for what was learnt from, and the scores will be "
                "too good. What helps: one split for all pictures of each, told by a corrected table."
            )
        outlook = foreseen.outlook
        few = (outlook.warning_of_choice if choosing else outlook.warning) if outlook else ""
        if outlook and few:
            found.append(f"{few} {outlook.way_out(folded=folded)}")
        return tuple(found)

    def warning_of_folds(
        self,
        project_id: ProjectId,
        folds: int,
        *,
        shuffle: bool = False,
        keep_together: str = "case",
        version: int | None = None,
    ) -> str:
        """Which classes so many folds cannot all be judged by, or "". The arguments are those of `start`.

        Raises NotFound.
        """
        with reading(self.engine) as session:
            if version is None:
                apart = foresee_apart(session, projects.read_project(session, project_id), keep_together)
            else:
                found = versions.find_version(session, project_id, version)
                apart = foresee_apart_of(versions.read_version(session, found), keep_together)
        return lacking_words(apart.classes, apart.noun, folds, shuffle=shuffle)

    def automatic_backbone(self) -> str:
        """The network that the rules choose for this machine. May wait two seconds for a host."""
        return ACCURATE if self._has_gpu() and reaches_imagenet(self.settings, ACCURATE) else SMALL

    def automatic(self, project_id: ProjectId, backbone: str, weights: str) -> Choice:
        """The recipe that the rules choose for the project's labels and this machine, and why.

        `backbone` is a person's choice, or `automatic_backbone`, which may ask a host and is therefore asked for by the
        caller, once; `weights` are as in a recipe. Raises NotFound.
        """
        with reading(self.engine) as session:
            labelled = versions.describe_labelled(session, project_id)
        return choose_recipe(
            DataFacts(
                pictures=max(1, round(SHARES[Split.TRAIN] * labelled.images)),
                side=labelled.side,
                balance=max(labelled.classes) / min(labelled.classes) if labelled.classes else 0.0,
                gpu=self._has_gpu(),
                backbone=backbone,
                weights=weights,
                photographs=know_much(self.engine, weights),
            )
        )

    def starting_from(self, recipe: Recipe, weights: str) -> Recipe:
        """A preset as it is for what the network knows already: `weights` as in a recipe. Raises NotFound."""
        return starting_from(recipe, weights, photographs=know_much(self.engine, weights))

    def usual_weights(self, backbone: str) -> str:
        """What a training of that network starts from unless a person chooses. May wait two seconds for a host."""
        return usual_weights(self.settings, backbone)

    def out_of_reach(self, backbones: Sequence[str]) -> "list[str]":
        """Those of the networks whose published weights cannot be had here now. May wait two seconds for each host."""
        return out_of_reach(self.settings, backbones)

    def ensure_reach(self, weights: str, backbones: Sequence[str]) -> None:
        """Asked before anything is queued. Raises WeightsUnavailable if networks could not have these weights now."""
        ensure_reach(self.settings, weights, backbones)

    def names_both(self, project_id: ProjectId) -> bool:
        """Whether the project's labelled pictures name cases, and groups, too: folds can leave out either."""
        with reading(self.engine) as session:
            return versions.name_both(session, project_id)

    def lacking(self, project_id: ProjectId) -> str:
        """What is still to be labelled before anything can be trained, or "". Raises NotFound."""
        with reading(self.engine) as session:
            return lacking(session, projects.read_project(session, project_id))

    def _has_gpu(self) -> bool:
        """A guess without torch, which this process never loads: the setting, or the tool of NVIDIA's driver."""
        if self.settings.device != "auto":
            return self.settings.device.startswith(("cuda", "mps"))
        return shutil.which("nvidia-smi") is not None

    def read(self, run_id: RunId) -> RunRecord:
        """The run as it stands. Raises NotFound."""
        return self.queue.read(run_id)

    def runs_ahead(self, run_id: RunId) -> int:
        """How many trainings must end before a queued one starts."""
        with reading(self.engine) as session:
            return runs.count_ahead(session, runs.read_run(session, run_id))

    def curves(self, run_id: RunId) -> dict[str, list[tuple[int, float]]]:
        """Name -> points (step, value)."""
        with reading(self.engine) as session:
            return runs.read_metrics(session, run_id)

    def score_name(self, run_id: RunId) -> str:
        """What "validation/score" is for the run's task, in words."""
        with reading(self.engine) as session:
            project_id = runs.read_run(session, run_id).project_id
            if project_id is None:
                raise NotFound(f"Run {run_id} belongs to no project.")
            return SCORE_NAMES[projects.read_project(session, project_id).task]

    def log(self, run_id: RunId) -> str:
        """The end of the run's log; empty before it starts."""
        path = self.settings.logs / f"run-{run_id}.log"
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read().decode("utf-8", "replace")

    def resume(self, run_id: RunId) -> bool:
        """Queue a failed or stopped training again; it goes on from its checkpoint."""
        return self.queue.resume(run_id)

    def earlier_models(self, project_id: ProjectId, backbone: str) -> "list[RunRecord]":
        """Trainings of that network which a new one can continue; the project's own first, then the newest.

        Also such as failed, of which the best epoch is kept.
        """
        with reading(self.engine) as session:
            alive = {item.id for item in projects.list_projects(session)}
            ended = runs.list_runs(session, kinds=[RunKind.TRAIN], states=[RunState.DONE, RunState.FAILED])
        fitting = [
            run
            for run in ended
            if (run.state is RunState.DONE or has_kept(self.settings, run))
            and run.project_id in alive
            and (run.recipe or {}).get("backbone") == backbone
        ]
        return sorted(fitting, key=lambda run: run.project_id != project_id)

    def kept(self, project_id: ProjectId, recipe: Recipe) -> str:
        """In words, what a training of the project keeps of the earlier model that its recipe continues.

        "" where it continues none, or a pretraining, which has no last layer. Of a cross-validation it continues the
        fold that did best. Raises NotFound.
        """
        earlier = earlier_model(settled(self.engine, recipe).weights)
        if earlier is None:
            return ""
        with reading(self.engine) as session:
            if has_kept(self.settings, runs.read_run(session, RunId(earlier.run))):
                return "Keeps its network as it was after its best epoch: it failed later. The last layer starts anew."
            found, project = (
                predictions.read_card(session, RunId(earlier.run)),
                projects.read_project(session, project_id),
            )
        if found is None:
            return ""
        words = _kept(ModelCard.from_json(found), project, recipe)
        best = ", which did best on pictures that it had not seen" if recipe.weights != earlier.weights else ""
        return f"Of its networks that of fold {earlier.fold}{best}. {words}" if earlier.fold else words

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self, project_id: ProjectId) -> list[RunRecord]:
        """The project's trainings, newest first."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN])


def _kept(card: ModelCard, project: ProjectView, recipe: Recipe) -> str:
    """What of a model with this card is kept."""
    anew = "Keeps its network. The last layer starts anew:"
    if card.task is not project.task:
        return f"{anew} the model answers another kind of question."
    if card.task is Task.REGRESSION:
        return "Keeps its network and its last layer."
    match = match_classes(card.classes, [item.name for item in project.classes])
    if (card.ranked, card.shared) != (recipe.ranked, recipe.shared):
        return f"{anew} the model learnt grades {_LEARNT[card.ranked, card.shared]}, here they are learnt otherwise."
    if card.ranked and not match.same:
        return f"{anew} it knows steps between grades, and the grades here are not the same."
    if not match.kept:
        return f"{anew} no class of the model has the name of one here."
    words = [f"Keeps its network and what it knows of {', '.join(match.kept)}."]
    if match.new:
        words.append(f"New, from the start: {', '.join(match.new)}.")
    if match.left_out:
        words.append(f"Left out: {', '.join(match.left_out)}.")
    return " ".join(words)


def _check_folds(version: VersionRecord, folds: int) -> None:
    """Raises NotEnoughImages if there are too few pictures, cases or groups to make so many folds of."""
    if version.whole == "group" and not any(item.group_name for item in version.pool):
        raise BadInput("No picture names its group: there are none to leave out.", hint="Name them by a table.")
    count = len({unit or str(item.image_id) for item, unit in zip(version.pool, version.pool_units, strict=True)})
    if count <= folds:
        together = version.together_in(Split.VALIDATION)
        raise NotEnoughImages(
            f"{folds} folds need more than {folds} {together}; {are(count)} without those for testing.",
            hint="Choose fewer folds, or label more.",
        )
