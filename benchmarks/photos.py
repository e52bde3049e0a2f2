"""Photos as a phone takes them, made by enlarging the real ones of SETS/coffee_leaf, each with its class."""

import csv
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

KINDS = ("1", "2", "3")
SMALL, LARGE = (640, 480), (4000, 3000)
"""A webcam's picture, and a phone's of 12 million pixels."""


def write_photos(sets: Path, folder: Path, count: int, size: tuple[int, int]) -> None:
    """`count` photos in a sub-folder per class (leaf miner, rust, phoma by turns); what is there already is kept."""
    with (sets / "coffee_leaf" / "dataset-full.csv").open() as file:
        rows = list(csv.DictReader(file))
    leaves = {kind: [row["id"] for row in rows if row["predominant_stress"] == kind] for kind in KINDS}
    jobs = []
    for number in range(count):
        kind, turn = KINDS[number % len(KINDS)], number // len(KINDS)
        name = leaves[kind][turn % len(leaves[kind])]
        target = folder / kind / f"{turn:05d}.jpg"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            jobs.append((sets / "coffee_leaf" / "leaf" / f"{name}.jpg", target, size, turn // len(leaves[kind])))
    with ProcessPoolExecutor() as pool:
        list(pool.map(_write, jobs, chunksize=4))


def _write(job: tuple[Path, Path, tuple[int, int], int]) -> None:
    source, target, size, again = job
    with Image.open(source) as image:
        turned = image.rotate(7 * again, fillcolor="white") if again else image  # a leaf seen again is another photo
        turned.resize(size, Image.Resampling.BICUBIC).save(target, quality=90)


def write_splits(folder: Path, held: int) -> Path:
    """A table beside the photos: the last `held` of each class are for validation and for testing by turns."""
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label", "split"])
        for kind in KINDS:
            names = sorted((folder / kind).glob("*.jpg"))
            for place, name in enumerate(names):
                late = place - (len(names) - held)
                split = "train" if late < 0 else ("validation", "test")[late % 2]
                writer.writerow([f"{kind}/{name.name}", kind, split])
    return path
