"""Class lists: names, colours, keys."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.words import JOINERS, legible

# Okabe & Ito's colours, told apart by colour-blind people (https://jfly.uni-koeln.de/color/), then
# darker and lighter kin for longer lists.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#B8A800", "#7A5195",
    "#2F4B7C", "#A05A2C", "#3C8D6E", "#EF5675", "#8C8C8C", "#4C9F38", "#9467BD", "#17A2B8",
)  # fmt: skip

# Letters the labelling page keeps for itself: b(rightness), c(ontrast), f(it), s(kip), u(nsure), x (flag), z (undo).
RESERVED_KEYS = "bcfsuxz"
KEYS = "1234567890" + "".join(letter for letter in "qwertyuiopasdghjklvnm" if letter not in RESERVED_KEYS)
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSpec:
    """A class as a person describes it. An empty colour or key means: choose one for me."""

    name: str
    colour: str = ""
    key: str = ""
    description: str = ""


def tidy_name(name: str) -> str:
    """The name in single spaces and composed letters, without what steers the screen that shows it.

    macOS writes the é of a folder's name as e and an accent. Bytes that were no letters are kept, to be told of.
    """
    composed = " ".join(unicodedata.normalize("NFC", name).split())
    return "".join(letter for letter in composed if legible(letter) or unicodedata.category(letter) == "Cs")


def same_name(name: str) -> str:
    """What two names have in common that mean the same class or project: capitals do not tell them apart."""
    return tidy_name(name).casefold()


def validated_classes(specs: Sequence[ClassSpec]) -> list[ClassSpec]:
    """The same classes with trimmed names and every colour and key filled in.

    Raises BadInput for an empty, too long or repeated name (case is ignored), a colour that is not
    #RRGGBB, a key that is not one free letter or digit, or one that two classes share.
    """
    names, keys, result = set[str](), set[str](), []
    wanted = [spec.key.strip().lower() for spec in specs]
    # Grades called 0, 1, 2 have these very keys: with others the hand would say what the eye does not mean.
    own = {name for spec, key in zip(specs, wanted, strict=True) if not key and (name := _key_in(spec.name))}
    own -= set(wanted)
    spare = [key for key in KEYS if key not in wanted and key not in own]
    for index, (spec, key) in enumerate(zip(specs, wanted, strict=True)):
        name = tidy_name(spec.name)
        if not name.strip(JOINERS):
            raise BadInput(
                f"Class {index + 1} has no name.",
                hint="Give it one. A new row can be removed, and a class that is there be archived.",
            )
        if len(name) > LONGEST_NAME:
            raise BadInput(f"The class name {name[:40]!r}… is longer than {LONGEST_NAME} characters.")
        if same_name(name) in names:
            raise BadInput(f"Two classes are called {name!r}.", hint="Give each class its own name.")
        colour = spec.colour or PALETTE[index % len(PALETTE)]
        if not _COLOUR.fullmatch(colour):
            raise BadInput(f"The colour {colour!r} of class {name!r} is not of the form #RRGGBB.")
        if not key:
            named = _key_in(name)
            key = named if named in own else spare.pop(0) if spare else ""
        elif len(key) > 1 or key not in KEYS:
            raise BadInput(f"The key {key!r} of class {name!r} cannot be used.", hint=f"Choose one of {KEYS}.")
        if key and key in keys:
            raise BadInput(f"Two classes have the key {key!r}.", hint="Give each class its own key.")
        names.add(same_name(name))
        keys.add(key)
        result.append(ClassSpec(name=name, colour=colour, key=key, description=spec.description.strip()))
    return result


def _key_in(name: str) -> str:
    """The name where it is a digit, else "": some letters are no keys, and A, 1, 2, D is harder to hit than 1 to 4."""
    alone = tidy_name(name)
    return alone if len(alone) == 1 and alone.isascii() and alone.isdigit() else ""
