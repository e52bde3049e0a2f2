"""Fine-tuning on a GPU: a steady epoch against the bare step, and a whole training against timm's loop.

python -m benchmarks.gpu SETS [--backbones resnet50,efficientnet_v2_s,vit_b_16] [--batch 64] [--epochs 5]

SETS is the folder of real sets, of whose leaves photos of 640 x 480 are made by enlarging. Steady: as in
`benchmarks.fine_tuning`. Whole: from the start of a process, the pictures' files at hand, to the last epoch's
validation and checkpoint; the same number of steps on the same pictures.
"""

import argparse
import tempfile
from pathlib import Path

import torch

from benchmarks.fine_tuning import STEADY, steady
from benchmarks.peers import links, said
from benchmarks.photos import SMALL, write_photos, write_splits
from benchmarks.table import Figure, show
from benchmarks.trainings import as_a_job

COUNT, HELD = 1728, 64
BACKBONES = "resnet50,efficientnet_v2_s,vit_b_16"


def whole(place: Path, backbone: str, batch: int, epochs: int) -> Figure:
    """The engine beside timm's loop."""
    shared = ("--backbone", backbone, "--batch", str(batch), "--epochs", str(epochs))
    with tempfile.TemporaryDirectory() as kept:
        found = said("benchmarks.engine", str(place), *shared, "--home", f"{kept}/home")
        theirs = said("benchmarks.timm_loop", str(place), *shared, "--output", kept)
    print("engine", found, "timm", theirs, flush=True)
    ours, peer = (float(str(item["seconds"])) for item in (found, theirs))
    return Figure(
        name=f"{backbone}, {epochs} epochs of {COUNT - 3 * HELD}, batches of {batch}, whole process",
        value=f"{ours:.1f} s", floor=f"timm {peer:.1f} s", ratio=peer / ours,
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--backbones", default=BACKBONES)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    as_a_job()
    with tempfile.TemporaryDirectory() as temporary:
        photos, place = Path(temporary) / "photos", Path(temporary) / "splits"
        write_photos(options.sets, photos, COUNT, SMALL)
        write_splits(photos, HELD)
        links(photos, place)
        figures = []
        for backbone in options.backbones.split(","):
            speed, bare, ratio, precision = steady(photos, backbone, "standard", options.batch, options.device)
            figures.append(
                Figure(name=f"{backbone}, {precision}, batches of {options.batch}, steady", value=f"{speed:.0f} /s",
                       floor=f"bare step {bare:.0f} /s", ratio=ratio, target=f">= {STEADY:g}", met=ratio >= STEADY)
            )  # fmt: skip
            show(f"so far, {torch.cuda.get_device_name()}", figures[-1:])
        for backbone in options.backbones.split(","):
            figures.append(whole(place, backbone, options.batch, options.epochs))
    show(f"Fine-tuning on {torch.cuda.get_device_name()}, photos of {SMALL[0]} x {SMALL[1]}", figures)


if __name__ == "__main__":
    main()
