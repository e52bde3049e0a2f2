"""A whole picture: a fractal in the colours of a palette over dead leaves with a texture."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.formula import fractals, leaves, palettes, textures
from core.formula.chance import choose, keys, uniform

_FRACTAL, _PALETTE, _TEXTURE, _INSTANCE, _SCATTER = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaPictures:
    """`fractals` x `each` pictures; each takes one of the `palettes`, `textures` and `scatters` of leaves by chance.

    A picture follows from the seed, its fractal's number and its index among that fractal's pictures, whatever else
    is in the batch; on a GPU the last bit of a colour may differ.
    """

    seed: int = 0
    size: int = 96
    fractals: int = 2000
    palettes: int = 64
    textures: int = 128
    scatters: int = 48
    each: int = 1000
    device: str = "cpu"

    @property
    def count(self) -> int:
        """How many different pictures there are."""
        return self.fractals * self.each

    @property
    def formulas(self) -> tuple[int, int, int, int]:
        """How many fractals, palettes, textures and scatters: the classes of each column of `labels`."""
        return self.fractals, self.palettes, self.textures, self.scatters

    def labels(self, positions: Tensor) -> Tensor:
        """(n, 4) int64: fractal, palette, texture and scatter of the pictures at positions (n,) in [0, count)."""
        fractal, instance = self._instances(positions)
        chosen = [
            choose(instance, stream, count) for stream, count in zip((41, 42, 46), self.formulas[1:], strict=True)
        ]
        return torch.stack([fractal, *chosen], 1)

    def read(self, positions: Tensor) -> Tensor:
        """(n, 3, S, S) uint8, drawn on `device`."""
        positions = positions.to(self.device)
        fractal, palette, texture, scatter = self.labels(positions).unbind(1)
        _, instance = self._instances(positions)
        ground = self._ground(self._keys(_TEXTURE, texture), self._keys(_SCATTER, scatter), instance)
        density, colour = fractals.draw(self._keys(_FRACTAL, fractal), instance, self.size)
        front = palettes.colours(self._keys(_PALETTE, palette), colour) * (0.55 + 0.45 * density[:, None])
        cover = (2.2 * density[:, None]).clamp_max(1) * uniform(instance, 43, 1, 0.75, 1)[..., None, None]
        picture = ground + cover * (front - ground)
        return (255 * picture).round_().clamp_(0, 255).to(torch.uint8)

    def _instances(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        fractal = positions // self.each
        kind = torch.full_like(positions, _INSTANCE)
        return fractal, keys(self.seed, kind, fractal, positions % self.each)

    def _keys(self, kind: int, number: Tensor) -> Tensor:
        return keys(self.seed, torch.full_like(number, kind), number)

    def _ground(self, texture: Tensor, scatter: Tensor, instance: Tensor) -> Tensor:
        """(n, 3, S, S): every leaf another part of one palette, with the texture's light and dark."""
        pattern = textures.draw(texture, instance, self.size)
        top = leaves.draw(scatter, instance, self.size)
        tone = uniform(instance, 44, leaves.MOST + 1)
        place = torch.gather(tone, 1, top.flatten(1)).view_as(pattern)
        light = 1 + uniform(instance, 45, 1, 0.3, 0.9)[..., None] * (pattern - 0.5)
        return palettes.colours(instance, place + 0.3 * pattern) * light[:, None]
