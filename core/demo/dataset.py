"""A whole folder of pictures with its tables, in the shape in which such folders come from the field."""

import contextlib
import csv
import datetime
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.demo.picture import KINDS, draw_leaf

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
    processes: int = 1,
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
    first_fields = random.integers(len(FIELDS), size=len(KINDS))
    wanted = [(kind, number) for kind in range(len(KINDS)) for number in range(per_class)]
    jobs = []
    for index, place in enumerate(random.permutation(len(wanted))):
        kind, number = wanted[place]
        plant = number // PER_PLANT * len(KINDS) + kind
        field = (int(first_fields[kind]) + number // PER_PLANT) % len(FIELDS)
        row = DemoRow(
            file=f"leaf_{index + 1:04d}.jpg",
            label=KINDS[kind],
            plant=f"{FIELDS[field]} {plant + 1}",
            field=FIELDS[field],
            date=str(_SPRING + datetime.timedelta(days=9 * field + number % PER_PLANT)),
        )
        seeds = (seed * 1_000_003 + kind * 10_007 + number, seed * 1_009 + plant, seed * 31 + field)
        jobs.append((folder, row, seeds, tag and row.label == TAGGED))
    truth = []
    with _pool(processes) as pool:
        for line in pool.map(_draw, jobs) if pool else map(_draw, jobs):
            truth.append(line)
            told(len(truth), len(jobs))
    rows = [row for _, row, _, _ in jobs]
    _table(folder / "labels.csv", [{name: getattr(row, name) for name in DemoRow.__slots__} for row in rows])
    _table(folder / "truth.csv", truth)
    return rows


def half_of(rows: Sequence[DemoRow]) -> list[DemoRow]:
    """The pictures of half of the plants of each class, spread over the fields."""
    plants = {kind: list(dict.fromkeys(row.plant for row in rows if row.label == kind)) for kind in KINDS}
    chosen = set()
    for names in plants.values():
        ordered = sorted(names, key=lambda name: int(name.rpartition(" ")[2]))
        # Neighbours stand in different fields: every second one, and the other ones in the next round of fields.
        chosen |= {name for index, name in enumerate(ordered) if (index + index // len(FIELDS)) % 2 == 0}
    return [row for row in rows if row.plant in chosen]


def _pool(processes: int) -> contextlib.AbstractContextManager[ProcessPoolExecutor | None]:
    if processes < 2:
        return contextlib.nullcontext()
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))


def _draw(job: tuple[Path, DemoRow, tuple[int, int, int], bool]) -> dict[str, str]:
    """Write one picture with its mask; returns its line of truth.csv."""
    folder, row, (own, plant, field), tag = job
    picture = draw_leaf(row.label, own, tag, plant=plant, field=field)
    picture.image.save(folder / "pictures" / row.file, "JPEG", quality=picture.quality)
    Image.fromarray(picture.lesions).save(folder / "masks" / f"{Path(row.file).stem}.png")
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


def read_demo_set(folder: Path) -> list[DemoRow]:
    """The lines of a set that was written whole before; empty if there is none."""
    if not (folder / "truth.csv").is_file():
        return []
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [DemoRow(**line) for line in csv.DictReader(file)]
