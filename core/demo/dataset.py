"""A whole folder of pictures with its tables, in the shape in which such folders come from the field."""

import csv
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.demo.picture import KINDS, LeafPicture, draw_leaf

TAGGED = "rust"
"""The class that always carries a tag in the variant with tags."""

FIELDS = ("North", "South", "Hill", "River", "Road", "Greenhouse")
PER_PLANT = 4
_SPRING = datetime.date(2026, 5, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRow:
    """One line of labels.csv."""

    file: str
    label: str
    plant: str
    field: str
    date: str


def write_demo_set(
    folder: Path,
    per_class: int,
    seed: int,
    tag: bool = False,
    *,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> list[DemoRow]:
    """Write `per_class` pictures of each kind; returns the lines of labels.csv in its order.

    `pictures/` is what to import, `labels.csv` (file, label, plant, field, date) says what they are. The truth for
    grading explanations lies apart: `masks/` (255 where the disease is) and `truth.csv`. Neither names nor order of
    the files tell the class. A plant has one state of health and up to four pictures; every field has every class.
    With `tag` the class TAGGED always carries a tag. `told(done, total)` is called after each picture.
    """
    for name in ("pictures", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    wanted = [(kind, number) for kind in KINDS for number in range(per_class)]
    fields = {kind: int(random.integers(len(FIELDS))) for kind in KINDS}
    rows, truth = [], []
    for index, place in enumerate(random.permutation(len(wanted))):
        kind, number = wanted[place]
        plant, field = number // PER_PLANT, (fields[kind] + number // PER_PLANT) % len(FIELDS)
        own = seed * 1_000_003 + KINDS.index(kind) * 10_007 + number
        picture = draw_leaf(
            kind,
            own,
            tag and kind == TAGGED,
            plant=seed * 1_009 + plant * len(KINDS) + KINDS.index(kind),
            field=seed * 31 + field,
        )
        row = DemoRow(
            file=f"leaf_{index + 1:04d}.jpg",
            label=kind,
            plant=f"{FIELDS[field]} {1 + plant * len(KINDS) + KINDS.index(kind)}",
            field=FIELDS[field],
            date=str(_SPRING + datetime.timedelta(days=9 * field + number % PER_PLANT)),
        )
        picture.image.save(folder / "pictures" / row.file, "JPEG", quality=picture.quality)
        Image.fromarray(picture.lesions).save(folder / "masks" / f"{Path(row.file).stem}.png")
        rows.append(row)
        truth.append(_truth(row, picture))
        told(index + 1, len(wanted))
    _table(folder / "labels.csv", [{name: getattr(row, name) for name in DemoRow.__slots__} for row in rows])
    _table(folder / "truth.csv", truth)
    return rows


def _truth(row: DemoRow, picture: LeafPicture) -> dict[str, str]:
    return {
        "file": row.file,
        "kind": picture.kind,
        "species": picture.species,
        "background": picture.background,
        "harmless": " | ".join(picture.confounders),
        "diseased share": f"{(picture.lesions > 0).sum() / max((picture.leaf > 0).sum(), 1):.3f}",
        "tag": " ".join(map(str, picture.tag or ())),
    }


def _table(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]) if lines else ["file"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
