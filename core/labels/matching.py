"""Classes of two lists that are the same thing: those of one name, however it is capitalised."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.labels.classes import same_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How the classes of an earlier model meet a project's.

    positions  for each class of the project its position among the model's, or None for a new one
    kept, new, left_out  the project's classes that the model knows, those that it does not, and the model's others
    """

    positions: tuple[int | None, ...]
    kept: tuple[str, ...]
    new: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both lists are the same classes in the same order."""
        return self.positions == tuple(range(len(self.positions))) and not self.left_out


def match_classes(known: Sequence[str], wanted: Sequence[str]) -> Match:
    """The classes `known` to a model against those `wanted`; of two that differ in capitals alone, the first counts."""
    places: dict[str, int] = {}
    for index, name in enumerate(known):
        places.setdefault(same_name(name), index)
    positions = tuple(places.get(same_name(name)) for name in wanted)
    pairs = list(zip(wanted, positions, strict=True))
    return Match(
        positions=positions,
        kept=tuple(name for name, position in pairs if position is not None),
        new=tuple(name for name, position in pairs if position is None),
        left_out=tuple(name for index, name in enumerate(known) if index not in positions),
    )
