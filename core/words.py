"""Numbers in sentences."""


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with what is counted: "1 image", "1,200 images"; a verb may go with it."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
