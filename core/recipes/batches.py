"""How many pictures a step learns from where nobody says so."""

LEAST, MOST = 4, 32
LARGER = (2, 4, 8)
"""Times the usual batch: what a GPU may learn from faster."""
LEAST_STEPS = 50
"""An epoch keeps at least so many steps where larger batches are tried: fewer learn less, however fast they are."""


def usual_batch(pictures: int) -> int:
    """A batch with which an epoch has at least about ten steps."""
    return max(LEAST, min(MOST, pictures // 10))


def larger_batches(pictures: int) -> list[int]:
    """Those that are worth trying besides, the smallest first."""
    sizes = [usual_batch(pictures) * times for times in LARGER]
    return [size for size in sizes if pictures // size >= LEAST_STEPS]
