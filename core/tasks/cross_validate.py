"""Cross-validation: the same training fold by fold, what each says of the pictures it has not seen, and all as one.

The folds are made of the pictures to learn from and to choose by; the test split is looked at once, by the ensemble
of the folds. A fold that is done is kept on disk, so that a killed job goes on with the fold it was in, and that one
from its own checkpoint.

Ifty et al. 2024, Explainable Lung Disease Classification from Chest X-Ray Images (https://arxiv.org/abs/2404.11428),
judge, search and join networks in this way.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from core.catalogue import ModelCard
from core.errors import BadInput, GraftError
from core.evaluation import LOWEST_SCORES, fold_notes, summarise_folds
from core.inference import answers, compute_features, head_logits
from core.jobs.context import JobContext
from core.jobs.payloads import TrainPayload
from core.media import write_file
from core.models import check_files, joint_logits, load_model, read_card, save_ensemble, save_model, share_logits
from core.recipes import Recipe
from core.splits import JUDGED, Fold, class_strata, make_folds, number_strata, shuffle_splits
from core.store import predictions, versions
from core.store.db import reading, writing
from core.store.snapshot import sealed
from core.store.versions import VersionRecord
from core.tasks.measure import measured
from core.tasks.provenance import keep_figures
from core.tasks.spent import TIMINGS, summed
from core.tasks.train import BATCH, Training, prediction
from core.training import delete_checkpoint, score
from core.types import JsonObject, JsonValue, Split, Task

SAID, ENGINE, FILES, NOTES, HEAD = "said.safetensors", "engine", "files", "notes", "head"


@dataclass(frozen=True, slots=True)
class _Judged:
    """A fold that is done: its score, and of the n pictures that it was judged by its probabilities or numbers (n, K),
    and how far (n,) they are from those it learnt from.

    `engine` is what its training found fastest, `notes` what it had to say, `timings` the seconds of its phases;
    `head` is as in a training's result.
    """

    score: float
    shares: Tensor
    far: Tensor
    card: ModelCard
    engine: JsonObject
    notes: list[str]
    timings: JsonObject
    head: JsonObject | None


def run(context: JobContext, payload: TrainPayload) -> JsonObject:
    """Train every fold; the result holds `folds`: scores, mean, spread, interval, and what a training's has."""
    if context.run.version_id is None or context.run.recipe is None:
        raise BadInput("A cross-validation needs a recipe and a dataset version.")
    recipe = Recipe.from_json(context.run.recipe)
    with reading(context.engine) as session:
        version = versions.read_version_of(session, context.run)
    return _CrossValidation(context, recipe, version, payload).run()


class _CrossValidation:
    """One run of the job."""

    def __init__(self, context: JobContext, recipe: Recipe, version: VersionRecord, payload: TrainPayload) -> None:
        self.context, self.recipe, self.version, self.payload = context, recipe, version, payload
        self.items, units = version.pool, version.pool_units
        self.folds = (
            shuffle_splits(self._strata(), units, payload.folds, recipe.seed) if payload.shuffle
            else make_folds(self._strata(), units, payload.folds, payload.repeats, recipe.seed)
        )  # fmt: skip
        self.judged = np.bincount(np.concatenate([fold.judge for fold in self.folds]), minlength=len(self.items))

    def _strata(self) -> list[str]:
        if self.version.task is Task.REGRESSION:
            return number_strata([item.number or 0.0 for item in self.items])
        return class_strata([item.targets for item in self.items])

    def run(self) -> JsonObject:
        """All folds, then their ensemble."""
        done: list[_Judged] = []
        for number, fold in enumerate(self.folds):
            self.context.check_cancelled()
            done.append(self._fold(number, fold, [item.score for item in done]))
            self.recipe = self.recipe.decided(done[0].engine)  # one training in many parts: all are computed alike
        folds, lowest = JUDGED if self.payload.shuffle else self.payload.folds, LOWEST_SCORES[self.version.task]
        summary = summarise_folds([item.score for item in done], folds, lowest)
        card = self._ensemble_card(done)
        files = save_ensemble(self.context.folder, card)
        measures = self._keep(card, done, files)
        self.context.progress("Done", fraction=1.0, now=True, score=summary.mean)
        payload = self.payload
        said = fold_notes([item.notes for item in done], payload.folds, payload.repeats, shuffle=payload.shuffle)
        notes: list[JsonValue] = [*self._thin(), *said]
        return {
            "score": summary.mean,
            "folds": sealed(
                {
                    "count": self.payload.folds,
                    "repeats": self.payload.repeats,
                    "shuffle": self.payload.shuffle,
                    "keep_together": self.payload.keep_together,
                    "scores": [item.score for item in done],
                    "mean": summary.mean,
                    "spread": summary.spread,
                    "interval": None if summary.low is None or summary.high is None else [summary.low, summary.high],
                }
            ),
            "notes": notes,
            "timings_s": summed([item.timings for item in done]),
            "engine": done[0].engine,
            "head": _heads([item.head for item in done]),
            **measures,
        }

    def _thin(self) -> list[str]:
        """What the mean of the folds' scores leaves out where a fold judges no picture of a class; empty for none."""
        if self.version.task not in (Task.SINGLE, Task.ORDINAL):
            return []
        targets = np.array([item.targets[0] for item in self.items])
        classes, counts = np.unique(targets, return_counts=True)
        thin = sum(len(np.unique(targets[fold.judge])) < len(classes) for fold in self.folds)
        if not thin:
            return []
        kind, way = ("random splits", "") if self.payload.shuffle else ("folds", "fewer folds, or ")
        rarest = self.version.class_names[classes[counts.argmin()]]
        return [
            f"In {thin} of {len(self.folds)} {kind} a class had no picture to be judged by. The score of each is of "
            "the classes that it had, so that their mean says less of all classes than what was said out of fold. What "
            f"helps: {way}more pictures of {rarest}, which has {counts.min()} without those for testing."
        ]

    def _fold(self, number: int, fold: Fold, before: Sequence[float]) -> _Judged:
        total = len(self.folds)
        context = self.context.part(
            f"fold-{number + 1}", f"Fold {number + 1} of {total}", start=number / (total + 1), share=1 / (total + 1),
            fold=number + 1, folds=total, fold_scores=list(before),
        )  # fmt: skip
        kept = _read(context.folder)
        if kept is not None:
            return kept
        training = Training(context, self.recipe, self._version(fold))
        network, _, _ = training.learn()
        features, logits = training.look(network)
        card = training.card(network, logits)
        files = save_model(context.folder, network, card)
        likeness, judged = training.likeness(features), training.positions(Split.TEST)
        likeness.save(context.folder)
        far = torch.tensor([item["far"] for item in training.traits(judged, features[judged], likeness)])
        # As it answers: of grades the middle of the calibrated probabilities may be another than of those before.
        value = score(card.task, logits[judged] / card.temperature, training.labels.targets[judged])
        shares = share_logits(card, logits[judged])
        notes = [str(note) for note in training.notes]
        judged_by = _Judged(value, shares, far, card, training.engine, notes, training.spent.seconds, training.met)
        self.context.metrics(number + 1, {"fold/score": value})
        _write(context.folder, judged_by, files)
        context.got_further()
        delete_checkpoint(context.folder)
        return judged_by

    def _version(self, fold: Fold) -> VersionRecord:
        """The fold as a dataset version of its own, whose test split is what it is judged by."""
        split = {
            **dict.fromkeys(fold.learn.tolist(), Split.TRAIN),
            **dict.fromkeys(fold.choose.tolist(), Split.VALIDATION),
            **dict.fromkeys(fold.judge.tolist(), Split.TEST),
        }
        items = [dataclasses.replace(item, split=split[index]) for index, item in enumerate(self.items)]
        return dataclasses.replace(self.version, items=tuple(items))

    def _ensemble_card(self, done: Sequence[_Judged]) -> ModelCard:
        several = [item.card.thresholds for item in done if item.card.thresholds]
        thresholds = tuple(sum(values) / len(values) for values in zip(*several, strict=True))
        return dataclasses.replace(
            done[0].card, temperature=1.0, thresholds=thresholds, number_mean=0.0, number_std=1.0, members=len(done)
        )

    def _out_of_fold(self, said: Sequence[Tensor]) -> Tensor:
        """What each fold says (n, K) of the pictures it was judged by -> the mean for every picture that was judged."""
        total = torch.zeros(len(self.items), said[0].shape[1])
        for fold, values in zip(self.folds, said, strict=True):
            total[torch.from_numpy(fold.judge)] += values
        counts = torch.from_numpy(self.judged)
        return total[counts > 0] / counts[counts > 0, None]

    def _keep(self, card: ModelCard, done: Sequence[_Judged], files: JsonObject) -> JsonObject:
        """Out-of-fold predictions, the ensemble's of the test split, and the model's row."""
        ensemble = load_model(self.context.folder)
        last = Training(self.context, self.recipe, self.version)
        network = ensemble.network.to(last.device)
        tests = self.version.part(Split.TEST)
        blobs = [item.blob for item in tests]
        last.pixels.fill(blobs)

        def watch(count: int) -> None:
            self.context.check_cancelled()
            self.context.progress("The folds together look at the test pictures", fraction=0.95)

        features = compute_features(network, last.pixels.batches(blobs, BATCH), watch)
        apart_logits = joint_logits(card.task, self._out_of_fold([item.shares for item in done]))
        logits = torch.cat([apart_logits, head_logits(network, features)])
        apart = [
            dataclasses.replace(item, split=Split.VALIDATION)
            for item, times in zip(self.items, self.judged, strict=True) if times
        ]  # fmt: skip
        last.version = dataclasses.replace(self.version, items=(*apart, *tests))
        last.pixels.fill([item.blob for item in apart])
        # Far from what the fold learnt from that had not seen the picture; of test pictures, from what all folds did.
        far = self._out_of_fold([item.far[:, None] for item in done])[:, 0].tolist()
        known = last.traits(range(len(apart)))
        traits = [
            *(item | {"far": round(value, 5)} for item, value in zip(known, far, strict=True)),
            *last.traits(range(len(apart), len(last.version.items)), features, ensemble.likeness),
        ]
        parts = zip(last.version.items, answers(card, logits), traits, strict=True)
        with writing(self.context.engine) as session:
            predictions.save_model(session, self.context.run.id, files=files, card=card.to_json())
            predictions.replace_predictions(session, self.context.run.id, [prediction(*item) for item in parts])
        measures = measured(network, self.context.folder, card.image_size)
        return {**keep_figures(self.context, self.version), **measures}


def _heads(found: Sequence[JsonObject | None]) -> JsonObject | None:
    """What the folds kept of an earlier model's last layer; `folds` says in how many where not all did."""
    kept = [head for head in found if head is not None]
    if not kept:
        return None
    return kept[0] if len(kept) == len(found) else {**kept[0], "folds": [len(kept), len(found)]}


def _write(folder: Path, said: _Judged, files: JsonObject) -> None:
    """Last of a fold: where this file is, and the fold's `files` are as they were, the fold is done."""
    tensors = {
        "score": torch.tensor(said.score, dtype=torch.float64),
        "shares": said.shares.contiguous(),
        "far": said.far,
    }
    told = {ENGINE: said.engine, FILES: files, NOTES: said.notes, TIMINGS: said.timings, HEAD: said.head}
    facts = {name: json.dumps(value) for name, value in told.items()}
    write_file(folder / SAID, safetensors.torch.save(tensors, facts))


def _read(folder: Path) -> _Judged | None:
    """A fold that is done; None for one that is not, or whose files were damaged since: it is trained anew."""
    if not (folder / SAID).exists():
        return None
    try:
        with safetensors.safe_open(folder / SAID, "pt") as kept:
            facts = {name: json.loads(value) for name, value in (kept.metadata() or {}).items()}
            score, shares, far = (kept.get_tensor(name) for name in ("score", "shares", "far"))
        check_files(folder, facts.get(FILES, {}))
        return _Judged(
            float(score), shares, far, read_card(folder), facts.get(ENGINE, {}), facts.get(NOTES, []),
            facts.get(TIMINGS, {}), facts.get(HEAD),
        )  # fmt: skip
    except (GraftError, OSError, ValueError, safetensors.SafetensorError):
        return None
