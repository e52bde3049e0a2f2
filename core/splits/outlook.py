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
                f"{whole}, and 1 of them would be the test. Its score will say how good the model is on that {self.noun}, "
                f"and nothing of another one: one {self.noun} cannot show how much {self.noun}s differ. So it counts "
                "like a single picture: the interval is as wide as that of one, and some scores are left out."
            )
        return (
            f"{whole}, and {test} of them would be the test. The interval will rest on these {test} {self.noun}s, "
            f"however many pictures they have: it is wide as a rule, only roughly says what to expect of a new "
            f"{self.noun}, and scores that need {ENOUGH} {self.noun}s are left out."
        )

    @property
    def way_out(self) -> str:
        """What to do about it; "" without a warning."""
        if not self.warning:
            return ""
        needed = round(ENOUGH / SHARES[Split.TEST])
        ways = [f"pictures from more {self.noun}s (of about {needed}, {ENOUGH} are tested by)"]
        apart = self.total - self.units.get(Split.TEST, 0)
        if self.units.get(Split.TEST) and apart > FEWEST_FOLDS:
            ways.append(
                f"training fold by fold, where each of the {apart} other {self.noun}s is judged once by a model that "
                "has not learnt from it"
            )
        ways.append("a test on pictures of another project")
        return f"What helps: {'; '.join(ways)}."


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
