"""How a model takes pictures of the same things that are a little different: its test split, spoilt in many ways."""

from collections.abc import Sequence

import numpy as np
import torch

from core.checks.leaks import unit_name
from core.checks.spoil import KINDS, STRENGTHS, spoilt
from core.errors import BadInput, NotEnoughImages
from core.evaluation import proportion, units_of
from core.evaluation.resampling import Resampler, mean_of
from core.features import PixelCache
from core.inference import Answer, answers, compute_logits, to_batch
from core.jobs.context import JobContext
from core.jobs.payloads import RobustnessPayload
from core.models import LoadedModel
from core.store import runs, versions
from core.store.db import reading
from core.store.snapshot import sealed
from core.store.versions import VersionItem
from core.tasks.warm import warm_model
from core.types import JsonObject, JsonValue, Split, Task

BATCH = 32
MOST_PICTURES = 400


def run(context: JobContext) -> JsonObject:
    """Test; the result holds per kind and strength, from 0 to 5, how good the answers are and how many change.

    `right` is the share of right answers with its `interval`, `changed` the share that differs from strength 0. Of
    numbers `right` is the typical error, and `changed` by how much they move on average; of grades `moved` is that.
    """
    payload = RobustnessPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        trained = runs.read_run(session, payload.model)
        if trained.version_id is None:
            raise BadInput(f"Run {payload.model} is no training.")
        version = versions.read_version(session, trained.version_id)
    items = version.part(Split.TEST)
    if not items:
        raise NotEnoughImages("This training has no test pictures.")
    order = np.random.default_rng(0).permutation(len(items))[:MOST_PICTURES]
    return _Robustness(context, warm_model(context, payload.model), [items[index] for index in sorted(order)]).run()


class _Robustness:
    def __init__(self, context: JobContext, model: LoadedModel, items: Sequence[VersionItem]) -> None:
        self.context, self.model, self.items = context, model, items
        self.units = units_of([unit_name(item.case_name, item.group_name) for item in items])
        cache = PixelCache(context.settings, model.card.image_size, model.card.framing)
        blobs = [item.blob for item in items]
        cache.fill(blobs, lambda done, total: context.check_cancelled())
        self.pictures = cache.read(blobs).permute(0, 2, 3, 1).numpy()
        self.numbers, self.graded = model.card.task is Task.REGRESSION, model.card.task is Task.ORDINAL
        self.truth = [(item.number or 0.0,) if self.numbers else self._key(item.targets) for item in items]

    def run(self) -> JsonObject:
        """All kinds, all strengths."""
        calm = self._said("", 0)
        kinds: list[JsonValue] = []
        for number, kind in enumerate(KINDS):
            steps = [self._step(calm, calm)]
            for strength in range(1, STRENGTHS + 1):
                self.context.progress(
                    f"{KINDS[kind].title}, strength {strength}", fraction=(number + strength / STRENGTHS) / len(KINDS)
                )
                steps.append(self._step(self._said(kind, strength), calm))
            kinds.append({
                "kind": kind,
                "title": KINDS[kind].title,
                "strengths": ["as it is", *KINDS[kind].steps],
                "right": [step["right"] for step in steps],
                "interval": [step["interval"] for step in steps],
                "changed": [step["changed"] for step in steps],
                "changed_interval": [step["changed_interval"] for step in steps],
                "moved": [step["moved"] for step in steps],
            })  # fmt: skip
        return sealed({"pictures": len(self.items), "numbers": self.numbers, "kinds": kinds})

    def _said(self, kind: str, strength: int) -> list[tuple[float, ...]]:
        found: list[Answer] = []
        device = next(self.model.network.parameters()).device
        for start in range(0, len(self.items), BATCH):
            self.context.check_cancelled()
            squares = self.pictures[start : start + BATCH]
            if kind:
                squares = np.stack([spoilt(kind, item, strength, start + i) for i, item in enumerate(squares)])
            with torch.inference_mode():
                found += answers(
                    self.model.card, compute_logits(self.model.network, [to_batch(squares).to(device)]).cpu()
                )
        if self.numbers:
            return [(item.number or 0.0,) for item in found]
        return [self._key(item.classes if item.classes is not None else (item.index or 0,)) for item in found]

    @staticmethod
    def _key(classes: Sequence[int]) -> tuple[float, ...]:
        return tuple(sorted(classes))

    def _step(self, said: Sequence[tuple[float, ...]], calm: Sequence[tuple[float, ...]]) -> dict[str, JsonValue]:
        if self.numbers:
            errors, moves = (np.abs(np.subtract(said, other))[:, 0] for other in (self.truth, calm))
            again = Resampler(self.units)
            sure, moved = mean_of(errors, again), mean_of(moves, again)
            return {
                "right": float(errors.mean()),
                "interval": [sure.low, sure.high] if sure else None,
                "changed": float(moves.mean()),
                "changed_interval": [moved.low, moved.high] if moved else None,
                "moved": None,
            }
        right = np.array([a == b for a, b in zip(said, self.truth, strict=True)])
        changed = np.array([a != b for a, b in zip(said, calm, strict=True)])
        found, flips = proportion(right, self.units), proportion(changed, self.units)
        assert found is not None and flips is not None  # there are pictures
        return {
            "right": found.value,
            "interval": [found.low, found.high],
            "changed": flips.value,
            "changed_interval": [flips.low, flips.high],
            "moved": float(np.abs(np.subtract(said, calm)).mean()) if self.graded else None,
        }
