"""How many threads decode pictures: tried while they do it. A slow disk wants more of them than there are cores.

Fewer are not tried: on two cores one thread decoded 205 photos a second and two 348, on one core all counts 180 to 200.
"""

WORTH = 1.3
"""More threads must be so many times as fast as fewer: on a slow disk they are, and less is noise."""


class ThreadTrial:
    """Tries a few counts from `cores` up, a part of the pictures each, and stays with the best."""

    def __init__(self, cores: int) -> None:
        self._untried = [cores, 2 * cores, 4 * cores]
        self._speeds: dict[int, float] = {}

    @property
    def count(self) -> int:
        """How many threads the next part gets."""
        if self._untried:
            return self._untried[0]
        best, *others = sorted(self._speeds)
        for threads in others:
            if self._speeds[threads] > WORTH * self._speeds[best]:
                best = threads
        return best

    def took(self, pictures: int, seconds: float) -> None:
        """A part was decoded by `count` threads."""
        if self._untried:
            self._speeds[self._untried.pop(0)] = pictures / max(seconds, 1e-9)
