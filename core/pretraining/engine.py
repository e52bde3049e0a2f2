"""Pretraining: the loop. It lasts as long as it is given; a killed one goes on from its checkpoint.

Every step draws its randomness from the seed and the step's number alone. With a number of steps instead of
minutes, a run that was interrupted ends with the same weights as one that was not.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from core.catalogue import COLLAPSED_RANK, COLLAPSED_SPREAD
from core.errors import Diverged, OutOfMemory
from core.models import Network, channels_last, hasten_batch_norm
from core.pretraining.methods import METHODS
from core.pretraining.objective import Pictures
from core.pretraining.signs import Probe, signs
from core.pretraining.views import two_views
from core.training.average import Average
from core.training.checkpoint import load_checkpoint, save_checkpoint
from core.training.plan import decaying, rate_factor, set_rates
from core.training.reading import Losses

WARMUP = 0.05
RESOLUTION = 100_000
LOOK_EVERY_S, LOOK_SHARE = 60.0, 0.03
"""On a slow machine the state is saved more often than every `look_every` steps, but not for more than this share of
its time. The signs are taken along only where minutes count anyway: a look may choose what is kept, and with a number
of steps that must not depend on how busy the machine was."""
AVERAGE = 0.998
"""How much of the average of the weights stays in each step; the average is what is looked at and kept."""
COLLAPSE_FROM = 0.2
GRAIN = 8
"""Views grow by so many pixels at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to pretrain. `steps` above 0 counts instead of `minutes`; `batch_size` pictures are seen in two views each.

    Every `look_every` steps the signs are taken. Views grow from a side of `first_size` pixels (0: the pictures' own)
    to the pictures' own: early lessons need no detail and cost less (https://arxiv.org/abs/2104.00298).
    """

    method: str = "supervised"
    minutes: float = 30.0
    steps: int = 0
    batch_size: int = 64
    first_size: int = 0
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    look_every: int = 100
    seed: int = 0


class Watcher(Protocol):
    """Whoever follows a pretraining. Each call may raise Cancelled."""

    def step(self, step: int, fraction: float, seconds_left: float | None) -> None:
        """A step is done; `fraction` of the whole in [0, 1]."""

    def look(self, step: int, values: dict[str, float]) -> None:
        """The signs were taken: curves' points."""

    def kept(self) -> None:
        """All up to here is in the checkpoint."""

    def note(self, text: str) -> None:
        """Something a person should know."""


class Pretrainer:
    """One pretraining of a network's body. `clock` counts seconds."""

    def __init__(
        self,
        network: Network,
        pictures: Pictures,
        plan: Plan,
        probe: Probe,
        folder: Path,
        watcher: Watcher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.network, self.pictures, self.plan, self.probe = network, pictures, plan, probe
        self.folder, self.watcher, self.clock = folder, watcher, clock
        self.device = next(network.parameters()).device
        torch.manual_seed(plan.seed)
        hasten_batch_norm(network)
        self.objective = METHODS[plan.method](network.head.in_features, pictures).to(self.device)
        self.parameters = [*network.body.parameters(), *self.objective.parameters()]
        self.optimizer = self._optimizer()
        self.average = Average(network, AVERAGE)
        self.batch_size = min(plan.batch_size, pictures.count)
        self.step, self.seconds = 0, 0.0
        self.losses = Losses()
        self.last_signs: dict[str, float] = {}
        self.best_step, self.best_score, self.best_state = 0, -math.inf, dict[str, Tensor]()
        self.warned = False
        self._order = torch.empty(0, dtype=torch.int64)
        self._epoch = -1

    def _optimizer(self) -> torch.optim.Optimizer:
        rate = self.plan.learning_rate
        groups = [{**group, "base_lr": rate} for group in decaying(self.parameters, self.plan.weight_decay)]
        return torch.optim.AdamW(groups, lr=rate, fused=True)

    @property
    def result(self) -> Network:
        """The network as it is now: the average over the last steps (https://arxiv.org/abs/1803.05407)."""
        return self.average.module

    @property
    def chooses(self) -> bool:
        """Whether labels of a person's pictures say which look is kept. Drawn pictures are practice: the end counts."""
        return bool(len(self.probe.labels)) and not self.pictures.formulas

    @property
    def fraction(self) -> float:
        """How much of the whole is done, in [0, 1]."""
        plan = self.plan
        return min(1.0, self.step / plan.steps if plan.steps else self.seconds / (60 * plan.minutes))

    def fit(self) -> dict[str, float]:
        """Pretrain to the end; returns the last signs. `result` is then what is kept.

        Where there are labels to look at, that is whatever had the best neighbours, the start included: going on from
        good weights can spoil them. Raises Cancelled, OutOfMemory, and Diverged for a loss that is not a number.
        """
        channels_last(self.network)
        self._resume()
        values = self._look() if not self.step else self.last_signs
        started = saved = self.clock()
        pause = LOOK_EVERY_S
        while self.fraction < 1:
            self._one_step()
            now = self.clock()
            self.seconds, started = self.seconds + now - started, now
            self.watcher.step(self.step, self.fraction, self._left())
            due, late = self.step % self.plan.look_every == 0 or self.fraction >= 1, now - saved > pause
            if due or (late and not self.plan.steps):
                values = self._look()
            if due or late:
                started = saved = self._save()  # looking costs none of the budget
                pause = max(LOOK_EVERY_S, (saved - now) / LOOK_SHARE)
        if self.best_state:
            self.result.load_state_dict(self.best_state)
            if not self.best_step:
                self.watcher.note("Nothing it learnt tells your classes apart better than its start, which is kept.")
        return values

    def _left(self) -> float | None:
        """Seconds until the end."""
        return self.seconds * (1 / self.fraction - 1) if self.fraction else None

    def _one_step(self) -> None:
        number = self.plan.seed * 1_000_003 + self.step
        generator = torch.Generator().manual_seed(number)
        torch.manual_seed(number)  # dropout
        set_rates(self.optimizer, rate_factor(int(self.fraction * RESOLUTION), RESOLUTION, WARMUP))
        positions = self._positions()
        self.network.train()
        self.objective.train()
        try:
            pictures = self.pictures.read(positions).to(self.device)
            views = two_views(pictures, self.objective.views, generator, self._side(pictures.shape[-1]))
            half = self.device.type == "cuda" and torch.cuda.is_bf16_supported()
            with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
                features = self.network.forward_features(views.contiguous(memory_format=torch.channels_last))
            loss = self.objective.loss(features.float(), positions)
            torch.autograd.backward(loss)
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                f"{2 * self.batch_size} pictures do not fit the device's memory.",
                hint="Choose a smaller picture size or batch.",
            ) from error
        self._learn(loss.detach())

    def _learn(self, loss: Tensor) -> None:
        torch.nn.utils.clip_grad_norm_(self.parameters, 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.average.update(self.network)
        broken = f"The loss stopped being a number in step {self.step}."
        self.losses.add(loss, 1, Diverged(broken, hint="Start again with another seed."))
        self.step += 1

    def _side(self, own: int) -> int:
        """Of the step's views, for pictures of `own` pixels."""
        first = self.plan.first_size or own
        return min(own, GRAIN * round((first + (own - first) * self.fraction) / GRAIN)) if first < own else own

    def _positions(self) -> Tensor:
        """The step's pictures: each once before any comes again."""
        steps = max(1, self.pictures.count // self.batch_size)
        epoch, number = divmod(self.step, steps)
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + epoch)
            self._epoch, self._order = epoch, torch.randperm(self.pictures.count, generator=generator)
        return self._order[number * self.batch_size : (number + 1) * self.batch_size]

    def _look(self) -> dict[str, float]:
        shown = self.result if self.step else self.network
        learnt = {"train/loss": self.losses.take()} if self.step else {}
        values = {**learnt, **signs(shown, self.probe)}
        if self.chooses and values["neighbours"] > self.best_score:
            self.best_step, self.best_score = self.step, values["neighbours"]
            self.best_state = {name: item.detach().cpu().clone() for name, item in shown.state_dict().items()}
        self.last_signs = values
        self.watcher.look(self.step, values)
        collapsed = values["spread"] < COLLAPSED_SPREAD or values["rank"] < COLLAPSED_RANK
        if not self.warned and self.fraction > COLLAPSE_FROM and collapsed:
            self.warned = True
            self.watcher.note("All pictures look alike to the network: it has collapsed. Another method may not.")
        return values

    def _save(self) -> float:
        save_checkpoint(
            self.folder,
            {
                "plan": asdict(self.plan),
                "step": self.step,
                "seconds": self.seconds,
                "losses": self.losses.so_far(),
                "signs": self.last_signs,
                "best": [self.best_step, self.best_score],
                "best_state": self.best_state,
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "objective": self.objective.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            },
        )
        self.watcher.kept()
        return self.clock()

    def _resume(self) -> None:
        state = load_checkpoint(self.folder)
        if state is None or state["plan"] != asdict(self.plan):
            return
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        (self.best_step, self.best_score), self.best_state = state["best"], state["best_state"]
        self.losses, self.last_signs = Losses(*state.get("losses", ())), state.get("signs", {})
        self.watcher.note(f"Going on from step {self.step:,}.")
