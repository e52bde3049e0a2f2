"""The learning-rate range test as a job: one short training whose rate climbs, and the rate it suggests."""

import functools

import torch

from core.errors import BadInput
from core.features import cached_features
from core.jobs.context import JobContext
from core.jobs.payloads import RatesPayload
from core.models import Network
from core.models.grades import new_head
from core.recipes import Recipe
from core.store import versions
from core.store.db import reading
from core.tasks.train import Training
from core.training import delete_checkpoint
from core.training.losses import build_loss
from core.training.rates import Step, climbing_rates, head_step, network_step, smoothed, suggested_rate, sweep
from core.types import JsonObject, Split

LOW, HIGH = 1e-6, 1.0
HEAD_LOW, HEAD_HIGH = 1e-5, 10.0


def run(context: JobContext) -> JsonObject:
    """Test; the result holds `rates`, `losses`, `smoothed` and `suggested`, a rate or null."""
    if context.run.version_id is None or context.run.recipe is None:
        raise BadInput("A range test needs a recipe and a dataset version.")
    recipe = Recipe.from_json(context.run.recipe)
    with reading(context.engine) as session:
        version = versions.read_version(session, context.run.version_id)
    test = _RangeTest(context, recipe, version)
    steps = RatesPayload.from_json(context.run.payload).steps
    return test.measure(steps)


class _RangeTest(Training):
    """Begins as the training would, and then only looks at the loss."""

    def measure(self, steps: int) -> JsonObject:
        """The loss at each rate, on the pictures to learn from alone."""
        network = self.prepare()
        self.begin(network)
        head = self.recipe.tune == "head"
        rates = climbing_rates(*((HEAD_LOW, HEAD_HIGH) if head else (LOW, HIGH)), steps)

        def watch(done: int) -> None:
            self.context.check_cancelled()
            self.context.progress(f"At a rate of {rates[done]:.1e}", fraction=done / steps)

        torch.manual_seed(self.recipe.seed)
        step = self._head_step(network) if head else network_step(self.trainer(network))
        # A training whose batch was found by trying multiplies the rate that it is told, too.
        more = self.recipe.learning_rate / self.asked.learning_rate
        losses = sweep(step, [rate * more for rate in rates], watch)
        self.context.afterwards(functools.partial(delete_checkpoint, self.context.folder))
        suggested = suggested_rate(rates, losses)
        self.context.progress("Done", fraction=1.0, now=True)
        return {
            "rates": [*rates[: len(losses)]],
            "losses": [*losses],
            "smoothed": [float(value) for value in smoothed(losses)],
            "suggested": None if suggested is None else float(f"{suggested:.1e}"),
        }

    def _head_step(self, network: Network) -> Step:
        part = self.part(Split.TRAIN)
        features = cached_features(
            network, self.pixels, part.blobs, self.context.settings, lambda done, total: self.context.check_cancelled()
        )
        loss_of = build_loss(self.version.task, self.recipe, part.targets, self.outputs)
        head = new_head(network.head.in_features, network.head.out_features, shared=network.shared)
        return head_step(features, part.targets, head, network.link, loss_of, self.recipe)
