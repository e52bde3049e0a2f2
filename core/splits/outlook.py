"""What a test will be worth, told before anything is trained: by how many cases or groups, not by how many pictures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.splits.assign import SHARES, SplitItem
from core.splits.folds import JUDGED
from core.types import ImageId, Split
from core.words import count, enumerated

ENOUGH = 10
"""Cases or groups in the test below which resampling says nothing, and many scores are left out."""
FEWEST_FOLDS = 2
MOST_NAMED = 5


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
        few = f"{whole}, and only {test} of these would be tested by."
        if test == 1:
            return (
                f"{few} The score would hold for that {self.noun} and say nothing of others: its interval is as wide "
                "as that of a single picture, and some scores are left out."
            )
        return (
            f"{few} How the model does on others can hardly be told from so few: intervals will be wide, and scores "
            f"that need {ENOUGH} {self.noun}s are left out."
        )

    @property
    def warning_of_choice(self) -> str:
        """`warning`, and what it means that the validation pictures decide between many trainings."""
        there = self.units.get(Split.VALIDATION, 0)
        if not self.warning or not 0 < there < ENOUGH:
            return self.warning
        return (
            f"{self.warning} The choice is made by pictures of {count(there, self.noun)}: what is best there may be so "
            "by luck, and not on others."
        )

    def way_out(self, *, folded: bool = False) -> str:
        """What to do about it; `folded` says that it is trained fold by fold. "" without a warning."""
        if not self.warning:
            return ""
        ways = [f"pictures from more {self.noun}s (about {round(ENOUGH / SHARES[Split.TEST])} in all)"]
        apart = self.total - self.units.get(Split.TEST, 0)
        if self.units.get(Split.TEST) and apart > FEWEST_FOLDS and not folded:
            ways.append(f"training fold by fold (each of the {apart} others is judged once)")
        ways.append("a test on pictures of another project")
        return f"What helps: {', '.join(ways[:-1])}, or {ways[-1]}."


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


def lacking_words(apart: Mapping[str, int], noun: str, folds: int, *, shuffle: bool = False) -> str:
    """Which classes no division can give to every fold; "" for none.

    `apart`: of how many cases, groups or pictures (`noun`, in the plural) each class has some that are not kept aside
    for testing. With `shuffle`, of random splits, each of which judges a fifth.
    """
    needed = JUDGED if shuffle else folds
    few = sorted((number, name) for name, number in apart.items() if 0 < number < needed)
    if not few:
        return ""
    named = [f"{name}: {number}" for number, name in few[:MOST_NAMED]]
    more = [f"{len(few) - MOST_NAMED} more"] if len(few) > MOST_NAMED else []
    who = f"{count(len(few), 'class is', 'classes are')} seen in fewer than {needed} {noun}"
    aside = f"without those for testing ({enumerated([*named, *more])})"
    if shuffle:
        return (
            f"{who}, {aside}: of the random parts, a fifth of all each, some will probably hold none to be judged by. "
            "The score of each is of the classes that it has. What helps: more pictures of "
            f"{'that class' if len(few) == 1 else 'these classes'}."
        )
    return (
        f"{who}, {aside}: not each of the {folds} folds can have one to be judged by. The score of each is of the "
        f"classes that it has. What helps: fewer folds, or more pictures of "
        f"{'that class' if len(few) == 1 else 'these classes'}."
    )
