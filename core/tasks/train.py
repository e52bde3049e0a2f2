"""One training: a dataset version and a recipe in; a model, its predictions and curves out."""

import copy
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import torch
from torch import Tensor

from core.catalogue import ModelCard, backbone_info
from core.errors import BadInput, Diverged
from core.evaluation import choose_thresholds
from core.features import PixelCache, cached_features
from core.inference import (
    PLAIN,
    Answer,
    answers,
    choose_device,
    choose_runtime,
    compute_features,
    device_words,
    head_logits,
    machine,
    picture_colours,
    picture_traits,
    pictures_at_once,
)
from core.jobs.context import JobContext
from core.labels import Match
from core.models import (
    JointLikeness,
    Likeness,
    Network,
    OldHead,
    begin_residuals,
    calibrate_batch_norm,
    channels_last,
    hasten_batch_norm,
    knows_photographs,
    old_head,
    save_model,
    some,
)
from core.models.looking import check_looks
from core.models.parts import check_kind
from core.recipes import Recipe, head_recipe
from core.store import predictions, versions
from core.store.db import reading, writing
from core.store.predictions import PredictionRecord
from core.store.versions import VersionItem, VersionRecord
from core.tasks.measure import measured
from core.tasks.provenance import code_version, keep_figures, libraries
from core.tasks.spent import TIMINGS, Spent
from core.tasks.whole import start_from
from core.training import (
    ALONE,
    Fit,
    Group,
    HeadFit,
    Member,
    Part,
    Trainer,
    choose_batch_size,
    delete_checkpoint,
    devices_for,
    fit_head,
    fit_temperature,
    keep_beside,
    load_checkpoint,
    load_decisions,
    save_decisions,
    together,
    with_batch_size,
    with_compiling,
    with_precision,
)
from core.types import JsonObject, JsonValue, Split, Task

Report = Callable[[int, dict[str, float]], None]
"""Is told an epoch and its curves' points."""
BATCH = 32
CALIBRATING = 64
NOTES = "notes"
ANEW = "The last layer learnt anew: on validation that was better than to go on from the earlier model's."


def run(context: JobContext) -> JsonObject:
    """Train; the result holds the best epoch, its validation score, notes for people and timings in seconds."""
    if context.run.version_id is None or context.run.recipe is None:
        raise BadInput("A training needs a recipe and a dataset version.")
    recipe = Recipe.from_json(context.run.recipe)
    with reading(context.engine) as session:
        version = versions.read_version(session, context.run.version_id)
    return Training(context, recipe, version).run()


@dataclass(frozen=True, slots=True)
class _Labels:
    """Targets (N, ...) as the losses want them, and how numbers were standardised."""

    targets: Tensor
    mean: float = 0.0
    std: float = 1.0


class Training:
    """A training, phase by phase."""

    def __init__(self, context: JobContext, recipe: Recipe, version: VersionRecord) -> None:
        self.context, self.asked, self.recipe, self.version = context, recipe, recipe, version
        self.device = choose_device(context.settings.device)
        context.facts(device=device_words(self.device), code_version=code_version(), libraries=libraries())
        self.size = recipe.image_size or backbone_info(recipe.backbone).image_size
        self.pixels = PixelCache(context.settings, self.size, recipe.framing)
        self.labels = _labels(version)
        self.outputs = max(1, len(version.classes))
        self.knows_photographs = knows_photographs(recipe.weights, context.settings)
        self.spent = Spent(context.folder)
        self.notes = list(cast(list[JsonValue], (load_decisions(context.folder) or {}).get(NOTES, [])))
        self.old_head: OldHead | None = None
        self.runtime = PLAIN
        self.engine: dict[str, JsonValue] = {}

    def run(self) -> JsonObject:
        """All phases, to the run's result."""
        try:
            network, best_epoch, score = self.learn()
        except Diverged as error:
            if load_checkpoint(self.context.folder) is None:
                raise
            run = self.context.run.id
            way = f"It can go on from these weights, with run {run} as its earlier model (weights=run:{run})."
            raise Diverged(error.message, hint=f"{error.hint} {way}") from error
        with self.spent.phase("predict"):
            self._keep(network)
            kept = keep_figures(self.context, self.version)
        self.context.afterwards(functools.partial(delete_checkpoint, self.context.folder))
        self.context.progress("Done", fraction=1.0, now=True, score=score)
        return {
            "best_epoch": best_epoch,
            "score": score,
            "notes": self.notes,
            "timings_s": self.spent.seconds,
            "engine": self.engine,
            **kept,
            "head": self.met,
            **measured(network, self.context.folder, self.size),
        }

    @property
    def met(self) -> JsonObject | None:
        """What the last layer kept of an earlier model's classes; None where it began anew."""
        return None if self.old_head is None or not self.old_head.helps else _met(self.old_head.match)

    def learn(self) -> tuple[Network, int, float]:
        """The trained network, its best epoch and that epoch's score on validation."""
        network = self.prepare()
        with self.spent.phase("fit"):
            return network, *self._learn(network)

    def prepare(self) -> Network:
        """The pictures decoded, and the network as it is before it learns."""
        torch.manual_seed(self.recipe.seed)
        with self.spent.phase("decode"):
            self._decode()
        with self.spent.phase("weights"):
            self.context.progress("Fetching the network", now=True)
            network = Network(
                self.recipe.backbone, self.outputs, image_size=self.size,
                ranked=self.recipe.ranked, shared=self.recipe.shared,
            )  # fmt: skip
            check_kind(network, self.recipe.tune)  # before minutes of looking at pictures
            check_looks(network, alone=self.recipe.batch_size == 1 and self.recipe.tune != "head")
            start_from(self.context, network, self.recipe.weights)
            if not self.knows_photographs:
                hasten_batch_norm(network)
            if self.recipe.weights == "none":
                begin_residuals(network.body, silent=self.recipe.zero_gamma)
            channels_last(network.to(self.device))
        scale = (self.labels.mean, self.labels.std)
        names = tuple(self.version.class_names)
        self.old_head = old_head(network, self.recipe.weights, self.context.settings, self.version.task, names, scale)
        if self.old_head is not None and ANEW in self.notes:  # as the attempt found that was killed
            self.old_head = dataclasses.replace(self.old_head, helps=False)
        with self.spent.phase("trial"):
            self._choose(network)
        return network

    def positions(self, split: Split) -> list[int]:
        """Which of the version's items belong to a split."""
        return [index for index, item in enumerate(self.version.items) if item.split is split]

    def part(self, split: Split) -> Part:
        """Pictures and targets of one split."""
        chosen = self.positions(split)
        return Part([self.version.items[index].blob for index in chosen], self.labels.targets[chosen])

    def _decode(self) -> None:
        def watch(done: int, total: int) -> None:
            self.context.check_cancelled()
            if total:
                self.context.progress(f"Reading the pictures: {done:,} of {total:,}", fraction=done / total)

        if self.pixels.fill([item.blob for item in self.version.items], watch):
            self.context.log.info("The last pictures were decoded by %d threads.", self.pixels.threads)

    def _choose(self, network: Network) -> None:
        """What is fastest on this machine; the run says what was chosen."""
        here, decided = machine(self.device), load_decisions(self.context.folder) or {}
        beside: JsonObject = {NOTES: self.notes, TIMINGS: self.spent.seconds}
        decided = {name: value for name, value in decided.items() if name not in beside}
        if decided.pop("machine", None) != here:
            decided = self._found_fastest(network)
            save_decisions(self.context.folder, {**decided, "machine": here, **beside})
        self.engine |= decided
        self.recipe, self.runtime = self.recipe.decided(decided), str(decided.get("runtime", PLAIN))

    def _found_fastest(self, network: Network) -> JsonObject:
        recipe, found = self.recipe, JsonObject()
        learnt, settings = len(self.positions(Split.TRAIN)), self.context.settings
        if recipe.tune == "head" or recipe.weights != "none":  # the frozen body is looked through
            found["runtime"] = choose_runtime(network, len(self.version.items), recipe, settings)
        if recipe.tune != "head":
            recipe = with_precision(network, recipe, learnt, settings)
            found["precision"] = recipe.precision
            gpus = len(self._devices())
            recipe = with_batch_size(network, recipe, learnt, settings, gpus)
            if recipe.batch_size != self.recipe.batch_size:
                found |= {"batch_size": recipe.batch_size, "learning_rate": recipe.learning_rate}
            if recipe.compile == "auto" and self.context.run.attempts > 1:
                # An attempt ended before this was decided: of all that is tried, compiling could have been why.
                recipe = dataclasses.replace(recipe, compile="off")
            recipe, words = with_compiling(network, recipe, learnt, settings, gpus)
            if words:
                found |= {"compile": recipe.compile, "compiling": words}
        if self.device.type == "cuda":
            torch.cuda.empty_cache()  # of what was tried with nothing is left, and pictures could lie there
        return found

    def note(self, text: str) -> None:
        """Keep a sentence for the person, also for an attempt that goes on after this one was killed."""
        if text not in self.notes:
            self.notes.append(text)
            keep_beside(self.context.folder, NOTES, self.notes)

    def begin(self, network: Network) -> None:
        """What comes before the steps: statistics of batch norm, and a good head."""
        train = self.part(Split.TRAIN)
        state = load_checkpoint(self.context.folder)
        going_on = state is not None and state["recipe"] == self.recipe.hash  # as the trainer sees it
        if not self.knows_photographs and not going_on:
            calibrate_batch_norm(network, self._checked(self.pixels.batches(train.blobs[:CALIBRATING], BATCH)))
        if not going_on and self.recipe.tune != "head" and self.recipe.weights != "none":
            # A good head first: a random one would tear the pretrained features apart (arXiv 2202.10054).
            self._head(network, head_recipe(self.recipe), lambda epoch, values: None)

    def trainer(self, network: Network, group: Group = ALONE) -> Trainer:
        """The loop for this network."""
        return Trainer(
            network, self.pixels, self.version.task, self.recipe, self.part(Split.TRAIN), self.part(Split.VALIDATION),
            self.context.folder, _Follower(self), group,
        )  # fmt: skip

    def _fit(self, network: Network) -> Fit:
        """The loop, on all GPUs that there are."""
        devices = self._devices()
        if len(devices) == 1:
            return self._told(self.trainer(network).fit())
        self.engine["gpus"] = len(devices)
        member = Member(
            copy.deepcopy(network).cpu(), self.pixels, self.version.task, self.recipe, self.part(Split.TRAIN),
            self.part(Split.VALIDATION), self.context.folder,
        )  # fmt: skip
        return self._told(together(lambda group, _: self.trainer(network, group).fit(), member, devices))

    def _devices(self) -> list[torch.device]:
        """All that share the steps."""
        if self.recipe.backbone.startswith("graft:"):  # too small; and branches may learn apart, past a group's wrapper
            return [self.device]
        batch_size = choose_batch_size(self.recipe, len(self.positions(Split.TRAIN)))
        return devices_for(self.device, self.context.settings.device, batch_size)

    def _told(self, fit: Fit) -> Fit:
        """The fit, after what it says of how it was computed was taken down."""
        self.engine |= fit.engine
        return fit

    def _learn(self, network: Network) -> tuple[int, float]:
        self.begin(network)
        if self.recipe.tune == "head":
            return self._head(network, self.recipe, self.context.metrics)
        fit = self._fit(network)
        return fit.best_epoch, fit.score

    def _checked(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """The batches on the device, unless someone asked to stop."""
        for batch in batches:
            self.context.check_cancelled()
            yield batch.to(self.device)

    def _head(self, network: Network, recipe: Recipe, draw: Report) -> tuple[int, float]:
        train, validation = self.part(Split.TRAIN), self.part(Split.VALIDATION)

        def watch(done: int, total: int) -> None:
            self.context.check_cancelled()
            self.spent.tick()
            if total:
                self.context.progress(f"Looking at the pictures: {done:,} of {total:,}", fraction=done / total)

        def report(epoch: int, values: dict[str, float]) -> None:
            self.context.check_cancelled()
            draw(epoch, values)
            self.context.progress("The head learns", fraction=epoch / recipe.epochs, epoch=epoch, epochs=recipe.epochs)

        features = [
            cached_features(network, self.pixels, part.blobs, self.context.settings, watch, self.runtime)
            for part in (train, validation)
        ]
        parts = (features[0], train.targets), (features[1], validation.targets)
        fitted = functools.partial(fit_head, self.version.task, *parts, network.head.out_features, recipe)
        fit = fitted(report, network.link) if self.old_head is None else self._better_start(fitted, report, network)
        with torch.no_grad():
            network.head.weight.copy_(fit.weight)
            network.head.bias.copy_(fit.bias)
        return fit.best_epoch, fit.score

    def _better_start(self, fitted: Callable[..., HeadFit], report: Report, network: Network) -> HeadFit:
        """The head that began as the earlier model's, unless one that began anew is better on validation.

        On pictures from elsewhere an old head can be a bad start: what was faint there may be loud here.
        """
        old = cast(OldHead, self.old_head)
        curves: list[dict[int, dict[str, float]]] = [{}, {}]
        kept = fitted(curves[0].__setitem__, network.link, start=(old.weight, old.bias))
        anew = fitted(curves[1].__setitem__, network.link)
        better = anew.score > kept.score
        if better:
            self.old_head = dataclasses.replace(old, helps=False)
            self.note(ANEW)
        for epoch, values in curves[better].items():
            report(epoch, values)
        return anew if better else kept

    def _keep(self, network: Network) -> None:
        """What the model says of every picture, once, and the model itself."""
        items = self.version.items
        features, logits = self.look(network)
        card = self.card(network, logits)
        files = save_model(self.context.folder, network, card)
        likeness = self.likeness(features)
        likeness.save(self.context.folder)
        apart = [index for index, item in enumerate(items) if item.split is not Split.TRAIN]
        traits = dict(zip(apart, self.traits(apart, features[apart], likeness), strict=True))
        with writing(self.context.engine) as session:
            predictions.save_model(session, self.context.run.id, files=files, card=card.to_json())
            records = [
                prediction(item, said, traits.get(index))
                for index, (item, said) in enumerate(zip(items, answers(card, logits), strict=True))
            ]
            predictions.replace_predictions(session, self.context.run.id, records)

    def likeness(self, features: Tensor) -> Likeness:
        """What the model learnt from, by the features (N, F) of all items."""
        chosen = some(self.positions(Split.TRAIN))
        blobs = [self.version.items[index].blob for index in chosen]
        colours = torch.cat([picture_colours(squares) for squares in self.pixels.batches(blobs, BATCH)])
        return Likeness.of(features[chosen], colours)

    def traits(
        self,
        positions: Sequence[int],
        features: Tensor | None = None,
        likeness: Likeness | JointLikeness | None = None,
    ) -> list[JsonObject]:
        """What is known of the items at these n positions besides the answer; `features` (n, F) are theirs."""
        found: list[JsonObject] = []
        for start in range(0, len(positions), BATCH):
            self.context.check_cancelled()
            part = list(positions[start : start + BATCH])
            squares = self.pixels.read([self.version.items[index].blob for index in part])
            found += picture_traits(squares, None if features is None else features[start : start + BATCH], likeness)
        return found

    def look(self, network: Network) -> tuple[Tensor, Tensor]:
        """Features (N, F) and logits (N, K) of every picture of the version."""
        items, total = self.version.items, len(self.version.items)
        blobs = [item.blob for item in items]

        def watch(done: int) -> None:
            self.context.check_cancelled()
            self.context.progress("Trying it on every picture", fraction=done / total)

        if self.recipe.tune == "head":
            features = cached_features(
                network, self.pixels, blobs, self.context.settings, lambda done, _: watch(done), self.runtime
            )
        else:
            batches = self.pixels.batches(blobs, pictures_at_once(self.device))
            features = compute_features(network, batches, watch)
        return features, head_logits(network, features)

    def card(self, network: Network, logits: Tensor) -> ModelCard:
        """How to use the network; what it says of validation sets its temperature and thresholds."""
        chosen = torch.tensor([item.split is Split.VALIDATION for item in self.version.items])
        temperature = fit_temperature(self.version.task, logits[chosen], self.labels.targets[chosen])
        thresholds: tuple[float, ...] = ()
        if self.version.task is Task.MULTI:
            shares = torch.sigmoid(logits[chosen] / temperature)
            thresholds = tuple(choose_thresholds(self.labels.targets[chosen], shares).tolist())
        return ModelCard(
            task=self.version.task,
            classes=tuple(self.version.class_names),
            class_ids=tuple(int(str(item["id"])) for item in self.version.classes),
            backbone=self.recipe.backbone,
            image_size=self.size,
            framing=self.recipe.framing,
            mean=network.mean,
            std=network.std,
            temperature=temperature,
            thresholds=thresholds,
            number_mean=self.labels.mean,
            number_std=self.labels.std,
            ranked=network.ranked,
            shared=network.shared,
        )


class _Follower:
    """Tells the run's row what the loop does."""

    def __init__(self, training: Training) -> None:
        self.training, self.context, self.epochs = training, training.context, training.recipe.epochs

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        """A batch is done."""
        self.context.check_cancelled()
        self.training.spent.tick()
        if epoch and self.context.run.started_at is not None:
            self.training.spent.first_step((datetime.now(UTC) - self.context.run.started_at).total_seconds())
        fraction = (epoch - 1 + done / steps) / self.epochs
        self.context.progress(
            f"Epoch {epoch} of at most {self.epochs}" if epoch else "Seeing what the last layer alone is worth",
            fraction=fraction, eta_s=seconds_left, epoch=epoch, epochs=self.epochs,
        )  # fmt: skip

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """An epoch is over."""
        self.context.metrics(epoch, values)
        shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        self.context.log.info("Epoch %d: %s", epoch, shown)

    def kept(self) -> None:
        """The checkpoint is written."""
        self.context.got_further()

    def note(self, text: str) -> None:
        """A sentence for the person."""
        self.training.note(text)
        self.context.log.warning(text)
        self.context.progress(text, now=True, notes=list(self.training.notes))


def _met(match: Match) -> JsonObject:
    return {"kept": list(match.kept), "new": list(match.new), "left_out": list(match.left_out)}


def _labels(version: VersionRecord) -> _Labels:
    items = version.items
    if version.task is Task.REGRESSION:
        numbers = torch.tensor([item.number or 0.0 for item in items])
        learnt = torch.tensor([item.split is Split.TRAIN for item in items])
        mean, std = float(numbers[learnt].mean()), float(numbers[learnt].std(correction=0)) or 1.0
        return _Labels((numbers - mean) / std, mean, std)
    if version.task is Task.MULTI:
        targets = torch.zeros(len(items), len(version.classes))
        for row, item in enumerate(items):
            targets[row, list(item.targets)] = 1
        return _Labels(targets)
    return _Labels(torch.tensor([item.targets[0] for item in items]))


def prediction(item: VersionItem, said: Answer, traits: JsonObject | None = None) -> PredictionRecord:
    """The answer for a picture beside its truth, and what else is known of the picture."""
    several, number = said.classes is not None, said.number is not None
    return PredictionRecord(
        image_id=item.image_id,
        split=item.split,
        blob=item.blob,
        truth_index=None if several or number else item.targets[0],
        truth_set=list(item.targets) if several else None,
        truth_number=item.number if number else None,
        predicted_index=said.index,
        predicted_set=None if said.classes is None else list(said.classes),
        predicted_number=said.number,
        confidence=said.confidence,
        probabilities=None if said.probabilities is None else list(said.probabilities),
        traits=traits,
    )
