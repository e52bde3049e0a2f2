"""Numbers and names in sentences."""

from collections.abc import Sequence


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with what is counted: "1 image", "1,200 images"; a verb may go with it."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def enumerated(names: Sequence[str]) -> str:
    """All names in a row, told apart also where commas stand in them."""
    return ("; " if any("," in name for name in names) else ", ").join(names)


def between(low: float, high: float) -> str:
    """Two shares as "20% to 30%", or as one where nobody could tell them apart."""
    first, last = f"{low:.0%}", f"{high:.0%}"
    return first if first == last else f"{first} to {last}"


def moved(distance: float) -> str:
    """How far weights are from where they began, as a share of their length; frozen ones did not move."""
    return "not at all" if distance == 0 else "under 0.1%" if distance < 0.001 else f"{distance:.1%}"


def labeller(name: str) -> str:
    """Who labelled; of labels that came with the pictures, under nobody's name, that is not known."""
    return "people unknown, before the import" if name == "import" else name
