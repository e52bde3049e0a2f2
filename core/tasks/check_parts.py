"""The part of a check that finds pictures mirrored, turned, or cut out of others."""

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.checks.looks import Look
from core.checks.parts import FINE, MOST_CUT, MOST_TURNED, Greys, is_part, part_candidates, turned
from core.jobs.context import JobContext
from core.media import BlobStore, open_rgb
from core.store.checks import CheckedImage
from core.types import JsonValue


def find_parts(
    context: JobContext,
    images: Sequence[CheckedImage],
    looks: Sequence[Look],
    known: set[tuple[int, int]],
    notes: list[JsonValue],
) -> list[tuple[int, int]]:
    """Pairs of positions, the smaller first, that are not `known` as the same picture already."""
    count, cut = len(images), len(images) <= MOST_CUT
    if count > MOST_TURNED:
        notes.append(
            f"Mirrored, turned and cut copies were not looked for: that takes too long with more than {MOST_TURNED:,} "
            f"pictures, and there are {count:,}. Copies at another size, or saved again, were looked for among all."
        )
        return []
    if not cut:
        notes.append(
            f"Copies cut out of others were not looked for: that takes too long with more than {MOST_CUT:,} pictures, "
            f"and there are {count:,}. Mirrored and turned copies were looked for among all."
        )

    def watch(done: float) -> None:
        context.check_cancelled()
        context.progress("Looking for mirrored and cut copies", fraction=done)

    store = BlobStore(context.settings)

    @functools.lru_cache(maxsize=512)
    def fine(index: int) -> Greys:
        grey = open_rgb(store.thumb(images[index].blob)).convert("L")
        return np.asarray(grey.resize((FINE, FINE), Image.Resampling.BOX))

    candidates = part_candidates(np.stack([look.grey for look in looks]), watch, cut=cut)
    found: set[tuple[int, int]] = set()
    for done, (part, whole, turn, grid) in enumerate(candidates):
        pair = (min(part, whole), max(part, whole))
        if done % 16 == 0:
            watch(done / len(candidates))
        if pair not in known and pair not in found and is_part(turned(fine(part)[None], turn)[0], fine(whole), grid):
            found.add(pair)
    return sorted(found)
