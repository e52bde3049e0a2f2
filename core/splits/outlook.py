"""What a test will be worth, told before anything is trained: by how many cases or groups, not by how many pictures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.splits.assign import SHARES, SplitItem
from core.types import ImageId, Split
from core.words import count

ENOUGH = 10
"""Cases or groups in the test below which resampling says nothing, and many scores are left out."""
FEWEST_FOLDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How the pictures would be divided. `noun` is "case" or "group", `units` how many each split holds.

    Pictures without a name count as one each.
    """

    noun: str
    pictures: int
    units: Mapping[Split, int]

    @property
    def total(self) -> int:
        """All cases or groups."""
        return sum(self.units.values())

    @property
    def warning(self) -> str:
        """What the interval will and will not mean; "" where the test is worth what its interval says."""
        test = self.units.get(Split.TEST, 0)
        if test >= ENOUGH:
            return ""
        whole = f"Your {count(self.pictures, 'picture')} come from {count(self.total, self.noun)}"
        if test == 0 or not self.units.get(Split.VALIDATION):
            return f"{whole}: too few to keep some for choosing and some for testing."
        if test == 1:
            return (
                f"{whole}, and only 1 of them would be tested by. The score will hold for that {self.noun} and say "
                "nothing of a new one: its interval is as wide as that of a single picture, and some scores are left "
                "out."
            )
        return (
            f"{whole}, and only {test} of them would be tested by. Intervals count these {test} {self.noun}s, not "
            f"their pictures: they are wide, tell only roughly what to expect of a new {self.noun}, and scores that "
            f"need {ENOUGH} {self.noun}s are left out."
        )

    def advice(self, *, folded: bool = False) -> str:
        """The warning and what to do about it; "" without a warning. `folded` says that it is trained fold by fold."""
        if not self.warning:
            return ""
        needed = round(ENOUGH / SHARES[Split.TEST])
        ways = [f"pictures from more {self.noun}s (of {needed}, about {ENOUGH} are tested by)"]
        apart = self.total - self.units.get(Split.TEST, 0)
        if self.units.get(Split.TEST) and apart > FEWEST_FOLDS and not folded:
            ways.append(
                f"training fold by fold, where each of the {apart} others is judged once by a model that has not "
                "learnt from it"
            )
        return f"{self.warning} What helps: {', '.join(ways)}, or a test on pictures of another project."


def outlook(items: Sequence[SplitItem], splits: Mapping[ImageId, Split]) -> Outlook | None:
    """The outlook of pictures that are divided like that; None where no case or group is named."""
    named = [item.unit for item in items if item.unit]
    if not named:
        return None
    units: dict[Split, set[str]] = defaultdict(set)
    for item in items:
        units[splits[item.image_id]].add(item.unit or f"\0{item.image_id}")
    noun = "case" if any(unit.startswith("case ") for unit in named) else "group"
    return Outlook(noun=noun, pictures=len(items), units={split: len(units[split]) for split in Split})
