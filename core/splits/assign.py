"""Sticky, deterministic, stratified splits that never cut through a case or a group."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.types import ImageId, Split

SHARES = {Split.TRAIN: 0.6, Split.VALIDATION: 0.2, Split.TEST: 0.2}
TOGETHER = "pictures of one case (or else one group) stay together; a split once given, also by a table, is kept"
RULE = f"60 / 20 / 20 by class; {TOGETHER}"
NUMBERS_RULE = f"60 / 20 / 20 of small, middling and large numbers alike; {TOGETHER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitItem:
    """A labelled image. `unit` names what must stay together (case, else group); empty means the image alone."""

    image_id: ImageId
    unit: str
    stratum: str
    split: Split | None


def assign_splits(items: Sequence[SplitItem]) -> dict[ImageId, Split]:
    """The split of every image. Images that have one keep it, and take the rest of their unit along.

    Units come in an order that only their names decide, so the same images get the same splits anywhere.
    """
    units: dict[str, list[SplitItem]] = defaultdict(list)
    for item in items:
        units[item.unit or f"image {item.image_id}"].append(item)
    counts: dict[str, Counter[Split]] = defaultdict(Counter)
    chosen: dict[ImageId, Split] = {}
    waiting = []
    for name, members in units.items():
        known = next((item.split for item in members if item.split is not None), None)
        if known is None:
            waiting.append((hashlib.sha256(name.encode()).hexdigest(), members))
            continue
        for item in members:
            chosen[item.image_id] = item.split or known
            counts[item.stratum][chosen[item.image_id]] += 1
    for _, members in sorted(waiting, key=lambda pair: pair[0]):
        split = _neediest(counts, Counter(item.stratum for item in members))
        for item in members:
            chosen[item.image_id] = split
            counts[item.stratum][split] += 1
    return chosen


def _neediest(counts: Mapping[str, Counter[Split]], coming: Counter[str]) -> Split:
    """The split that lacks most of what is coming, by stratum: a field has pictures of many classes."""

    def lacks(split: Split) -> float:
        return sum(
            number * (SHARES[split] * (counts[stratum].total() + number) - counts[stratum][split])
            for stratum, number in coming.items()
        )

    return max(SHARES, key=lacks)
