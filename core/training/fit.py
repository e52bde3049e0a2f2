"""Fine-tuning: the loop. Validation chooses the epoch; a killed run goes on from its last whole epoch.

Every epoch draws its randomness from the recipe's seed and the epoch's number alone, so that a run that was
interrupted ends with the same numbers as one that was not.
"""

import gc
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import Diverged
from core.features import PixelCache
from core.inference import BATCH, compute_logits, pictures_at_once
from core.models import Network, channels_last, frozen_to_eval, set_trainable, stages
from core.models.parts import KINDS, add_lora, merge_lora, set_trainable_kind
from core.models.small import BRANCHES, branch_logits
from core.recipes import Recipe
from core.training.ahead import keep_on, on_device, read_ahead
from core.training.augment import augment, mix
from core.training.average import Average
from core.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from core.training.compiling import compiled
from core.training.frozen import Below, keep_below
from core.training.gradients import Gradients
from core.training.group import ALONE, Group
from core.training.head import calm_head
from core.training.losses import build_loss, rarity
from core.training.plan import (
    branches_apart,
    build_optimizer,
    choose_batch_size,
    scheduled,
    set_rates,
    settled_epoch,
    thawed_stages,
)
from core.training.reading import Losses, no_number
from core.training.scores import score
from core.types import Task

CALMING = 128
SLOW_S, RARELY = 0.5, 10
"""A checkpoint that took longer is written again only after ten times as long: a GPU learns from few pictures in less
time than a disk takes for a large network. What a killed training loses is learnt again, to the same numbers."""
KEPT = "What the frozen part says of a picture is computed once and kept: neither it nor the pictures change."
ANEW = "What the frozen part says of a picture is computed anew in each epoch: {}."


@dataclass(frozen=True, slots=True)
class Part:
    """Pictures of one split and their targets, as in `build_loss`."""

    blobs: Sequence[str]
    targets: Tensor


NO_BETTER = (
    "On validation nothing was better than the last layer alone, learnt on what the network knew before: that is kept."
)


class Watcher(Protocol):
    """Whoever follows a training. Each call may raise Cancelled."""

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        """`done` of an epoch's `steps` are done; in epoch 0 the start is judged."""

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """An epoch is over: its curves' points."""

    def kept(self) -> None:
        """All up to here is in the checkpoint."""

    def note(self, text: str) -> None:
        """Something a person should know."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a training ended; the network holds the best epoch's weights. Epoch 0 is the start, its head learnt."""

    best_epoch: int
    score: float
    epochs: int
    batch_size: int
    engine: dict[str, str]
    """How it was computed, in sentences."""


class Trainer:
    """One training of a network on the pictures of a pixel cache."""

    def __init__(
        self,
        network: Network,
        pixels: PixelCache,
        task: Task,
        recipe: Recipe,
        train: Part,
        validation: Part,
        folder: Path,
        watcher: Watcher,
        group: Group = ALONE,
    ) -> None:
        self.network, self.pixels, self.task, self.recipe = network, pixels, task, recipe
        self.train, self.validation, self.folder, self.watcher = train, validation, folder, watcher
        self.group, self.model, self._wrapped = group, cast(nn.Module, network), list[bool]()
        self.below: Below | None = None
        self.engine: dict[str, str] = {}
        self.device = next(network.parameters()).device
        self._kept = keep_on(self.device, len(train.blobs), 3 * network.image_size**2)
        self.outputs = network.outputs
        self.loss_of = build_loss(task, recipe, train.targets, self.outputs)
        if recipe.tune.startswith("lora:"):
            add_lora(network, int(recipe.tune.removeprefix("lora:")))
        self.optimizer = build_optimizer(network, recipe)
        self.average = Average(network, recipe.ema) if recipe.ema else None
        self.batch_size = choose_batch_size(recipe, len(train.blobs))
        self.gradients = Gradients(network, self.batch_size, group, self._loss, self._spare, watcher.note)
        self.steps = math.ceil(len(train.blobs) / self.batch_size)
        self.half = recipe.precision == "bfloat16"
        self.seconds_per_step = 0.0
        self.epoch = 0
        self._test_chance = torch.Generator().manual_seed(recipe.seed)
        self.best_epoch, self.best_score, self.best_loss = 0, -math.inf, math.inf
        self.best_state: dict[str, Tensor] = {}
        self._saved_epoch, self._saved_at, self._saving_s = 0, -math.inf, 0.0

    def fit(self) -> Fit:
        """Train to the end. Raises Cancelled, OutOfMemory, and Diverged for a loss that is not a number."""
        channels_last(self.network)
        self._resume()
        if self.epoch == 0 and self.recipe.weights != "none":  # its head has learnt: no later epoch need be better
            self._calm(epoch=1)
            self._keep_if_better(*self._agreed())
        while not self._ended:
            self.epoch += 1
            self._one_epoch()
        if self.best_epoch == 0:
            self.watcher.note(NO_BETTER)
        self.network.load_state_dict(self.best_state)
        merge_lora(self.network)
        return Fit(self.best_epoch, self.best_score, self.epoch, self.batch_size, self.engine)

    @property
    def _ended(self) -> bool:
        """Whether the last epoch is over, or too many were without a better score since all that thaws has thawed."""
        patience = self.recipe.patience or self.recipe.epochs
        settled = settled_epoch(self.recipe, len(stages(self.network)))
        return self.epoch >= self.recipe.epochs or self.epoch - max(self.best_epoch, settled) >= patience

    def endless_batches(self) -> Iterator[Tensor]:
        """Positions (n,) of the pictures of step after step, for tests of the first steps; all that can learn does."""
        channels_last(self.network)
        self.epoch = self.recipe.epochs
        if self.recipe.weights != "none":
            self._calm(self.epoch)
        self._to_learning(self.epoch)
        generator = torch.Generator().manual_seed(self.recipe.seed)
        while True:
            yield from torch.tensor_split(self._order(generator), self.steps)

    def step_at(self, rate: float, chosen: Tensor) -> float:
        """One step at a learning rate of the head; the loss before it, which may be no number."""
        set_rates(self.optimizer, rate / self.recipe.learning_rate)
        return float(self._step(chosen, self._read(chosen).to(self.device), self._test_chance))

    def _calm(self, epoch: int) -> None:
        """Make a head that has learnt on pictures as they are no surer than it may be of them as it will see them."""
        self._to_learning(epoch)
        generator = torch.Generator().manual_seed(self.recipe.seed)
        torch.manual_seed(self.recipe.seed)
        chosen = self._order(generator)[:CALMING]
        batches = torch.tensor_split(chosen, math.ceil(len(chosen) / min(self.batch_size, BATCH)))
        shown = (self._varied(self._read(batch).to(self.device), generator) for batch in batches)
        calm_head(self.network, shown, self.train.targets[chosen].to(self.device), self.loss_of)
        if self.average is not None:
            self.average.module.load_state_dict(self.network.state_dict())

    def _one_epoch(self) -> None:
        generator = torch.Generator().manual_seed(self.recipe.seed * 100_003 + self.epoch)
        torch.manual_seed(self.recipe.seed * 100_003 + self.epoch)  # dropout and stochastic depth
        self._to_learning(self.epoch)
        learning = [parameter.requires_grad for parameter in self.network.parameters()]
        if learning != self._wrapped:
            self._wrapped = learning
            self._wrap()
        order = self._order(generator)
        if not self.group.leads:  # each process varies its pictures in its own way
            generator.manual_seed(generator.initial_seed() + self.group.rank * 7_919)
            torch.manual_seed(generator.initial_seed())
        losses = Losses()
        batches, started = torch.tensor_split(order, self.steps), time.monotonic()
        shares = [self.group.share(batch) for batch in batches]
        kept = self._kept if self.below is None else None
        for number, found in enumerate(read_ahead(self._read, shares, self.device, kept)):
            done = (self.epoch - 1) * self.steps + number
            set_rates(self.optimizer, scheduled(self.recipe, done, self.steps))
            loss = self._step(batches[number], found, generator)
            rate = self.optimizer.param_groups[0]["lr"]
            losses.add(loss, len(batches[number]), self._broken(f"in step {number + 1} of epoch {self.epoch}", rate))
            self._pace(time.monotonic() - started)
            started = time.monotonic()
            left = (self.recipe.epochs * self.steps - done - 1) * self.seconds_per_step
            self.watcher.step(self.epoch, number + 1, self.steps, left)
        self._look(losses.take())

    def _wrap(self) -> None:
        """The model whose steps are taken, after each thaw."""
        self.model = self.network
        self.gradients.more_learns()
        if self.group.size > 1:  # a second wrapper would average the gradients twice
            gc.collect()  # the old one's hooks go with it; it takes half a second with torch loaded
        below = keep_below(
            self.network, self._shown, self.recipe, self.epoch, self.pixels, self.train.blobs, self.validation.blobs,
            self.group.size,
        )  # fmt: skip
        self.below = below if isinstance(below, Below) else None
        self.model = self.group.wrap(self.network) if self.below is None else self.below.model
        if self.recipe.compile == "on" and self.group.size == 1:
            self.model = compiled(self.model)
        if below and "frozen" not in self.engine:
            self.engine["frozen"] = KEPT if isinstance(below, Below) else ANEW.format(below)

    def _to_learning(self, epoch: int) -> None:
        """The network as it learns in an epoch: what is thawed, and norms that look at batches."""
        self._thaw(epoch)
        self.network.train()
        frozen_to_eval(self.network)

    def _thaw(self, epoch: int) -> None:
        if self.recipe.tune in KINDS:
            set_trainable_kind(self.network, self.recipe.tune)
        elif self.recipe.tune.startswith("lora:"):
            set_trainable_kind(self.network, "lora")
        else:
            set_trainable(self.network, thawed_stages(self.recipe, epoch, len(stages(self.network))))

    def _order(self, generator: torch.Generator) -> Tensor:
        """Positions of the epoch's pictures: each once, or drawn so that rare classes come more often."""
        count = len(self.train.blobs)
        if self.recipe.imbalance == "sampling" and self.task is not Task.REGRESSION:
            drawn = rarity(self.train.targets, self.outputs)
            return torch.multinomial(drawn, count, replacement=True, generator=generator)
        return torch.randperm(count, generator=generator)

    def _pace(self, seconds: float) -> None:
        old = self.seconds_per_step
        self.seconds_per_step = seconds if not old else 0.9 * old + 0.1 * seconds

    def _read(self, chosen: Tensor) -> Tensor:
        """What pictures at these positions are learnt from, as it is kept: their pixels, or what a frozen half says."""
        blobs = [self.train.blobs[index] for index in chosen.tolist()]
        return self.pixels.read(blobs) if self.below is None else self.below.read(blobs)

    def _varied(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 3, S, S) float, each picture as it is learnt from this time."""
        return augment(pictures, self.recipe.augmentation, generator, self.recipe.erase)

    def _step(self, together: Tensor, found: Tensor, generator: torch.Generator) -> Tensor:
        """One step; the mean loss () before it, on the device."""
        chosen = self.group.share(together)
        pictures = found if self.below else self._varied(found, generator)
        targets = on_device(self._targets(self.train.targets[chosen]), self.device)
        if self.task is not Task.REGRESSION:
            mixup, cutmix = self.recipe.mixup, self.recipe.cutmix
            pictures, targets = mix(pictures, targets, generator, mixup=mixup, cutmix=cutmix)
        # The group averages its gradients: shares of unequal length weigh by it.
        loss = self.gradients.add(self.model, pictures, targets, len(chosen) * self.group.size / len(together))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update(self.network)
        # Of branches apart the mean is told: their sum would seem to fall by half where they are joined.
        alone = BRANCHES if branches_apart(self.recipe, self.epoch) else 1
        return self.group.total(loss) / self.group.size / alone

    def _broken(self, where: str, rate: float) -> Diverged:
        kept = f"The last good weights, of epoch {self._saved_epoch}, are kept." if self._saved_epoch else ""
        return no_number(where, rate, kept)

    def _targets(self, targets: Tensor) -> Tensor:
        if (self.recipe.mixup or self.recipe.cutmix) and self.task in (Task.SINGLE, Task.ORDINAL):
            return functional.one_hot(targets, self.outputs).float()
        return targets

    def _loss(self, model: nn.Module, pictures: Tensor, targets: Tensor) -> Tensor:
        """The batch's mean loss; while branches learn apart, the sum of theirs, which have no weight in common."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            if branches_apart(self.recipe, self.epoch):
                said = branch_logits(self.network, pictures)
            else:
                said = [model(pictures)]
        return torch.stack([self.loss_of(item.float(), targets) for item in said]).sum()

    def _spare(self) -> None:
        self._kept = None  # from the next epoch on
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def _shown(self) -> Network:
        """The network that validation judges."""
        return self.network if self.average is None else self.average.module

    def _look(self, train_loss: float) -> None:
        """Validation's word on the epoch, and the checkpoint."""
        value, loss = self._agreed()
        if not math.isfinite(loss):  # an epoch's last step can spoil weights whose loss before it was a number
            where = f"on the validation pictures, after step {self.steps} of epoch {self.epoch}"
            raise self._broken(where, self.optimizer.param_groups[0]["lr"])
        values = {"train/loss": train_loss, "validation/loss": loss, "validation/score": value}
        self._keep_if_better(value, loss)
        self.watcher.epoch(self.epoch, values)
        if self.group.leads:
            self._save()

    def _save(self) -> None:
        begun = time.monotonic()
        if self._saving_s > SLOW_S and begun - self._saved_at < RARELY * self._saving_s and not self._ended:
            return
        save_checkpoint(self.folder, self._state())
        self._saved_epoch, self._saved_at = self.epoch, time.monotonic()
        self._saving_s = self._saved_at - begun
        self.watcher.kept()

    def _keep_if_better(self, value: float, loss: float) -> None:
        if not self.best_state or (value, -loss) > (self.best_score, -self.best_loss):
            self.best_epoch, self.best_score, self.best_loss = self.epoch, value, loss
            self.best_state = {name: item.detach().clone() for name, item in self._shown.state_dict().items()}

    def _agreed(self) -> list[float]:
        """Score and loss on validation, the same in all processes of the group."""
        return self.group.agreed(list(self._judged()) if self.group.leads else [0.0, 0.0])

    def _judged(self) -> tuple[float, float]:
        """Score and loss on validation."""
        blobs = self.validation.blobs

        def watch(_: int) -> None:
            self.watcher.step(self.epoch, self.steps, self.steps, 0.0)

        if self.below is None:
            logits = compute_logits(self._shown, self.pixels.batches(blobs, pictures_at_once(self.device)), watch)
        else:
            logits = self.below.logits(blobs, self.device, watch)
        loss = float(self.loss_of(logits, self._targets(self.validation.targets)))
        return score(self.task, logits, self.validation.targets), loss

    def _state(self) -> Checkpoint:
        return {
            "recipe": self.recipe.hash,
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "best": [self.best_epoch, self.best_score, self.best_loss],
            "best_state": self.best_state,
            "micro_batch": self.gradients.micro_batch,
        }

    def _resume(self) -> None:
        state = load_checkpoint(self.folder)
        if state is None or state["recipe"] != self.recipe.hash:
            return
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.epoch, self.gradients.micro_batch = int(state["epoch"]), int(state["micro_batch"])
        self._saved_epoch = self.epoch
        self.best_epoch, self.best_score, self.best_loss = state["best"]
        self.best_state = state["best_state"]
        self.watcher.note(f"Going on from the end of epoch {self.epoch}.")
