"""What stands in more than one split, so that the test asks for what was learnt by heart."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.types import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A case or group in several splits, with the positions of its pictures."""

    kind: str
    name: str
    splits: tuple[Split, ...]
    members: tuple[int, ...]


def unit_name(case: str | None, group: str | None) -> str:
    """What a picture must stay together with: its case, else its group; empty: nothing."""
    return f"case {case}" if case else f"group {group}" if group else ""


def leaks(units: Sequence[str], splits: Sequence[Split | None]) -> list[Leak]:
    """Units (as `unit_name` writes them) in more than one split, the largest first. Pictures without a split wait."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, (unit, split) in enumerate(zip(units, splits, strict=True)):
        if unit and split is not None:
            members[unit].append(index)
    found = []
    for unit, indices in members.items():
        seen = {splits[index] for index in indices}
        if len(seen) > 1:
            kind, _, name = unit.partition(" ")
            ordered = tuple(split for split in Split if split in seen)
            found.append(Leak(kind=kind, name=name, splits=ordered, members=tuple(indices)))
    return sorted(found, key=lambda item: -len(item.members))
