"""Fine-tuning on a GPU: a steady epoch against the bare step, and a whole training against timm's loop.

python -m benchmarks.gpu SETS [--backbones resnet50,efficientnet_v2_s,vit_b_16] [--batch 64] [--epochs 5]

SETS is the folder of real sets, of whose leaves photos of 640 x 480 are made by enlarging. Steady: as in
`benchmarks.fine_tuning`; and where the time of a step goes, by torch's profiler: how long the device was busy of how
long it took, and what it does more for the engine than for the bare step; and what batch it finds best. Whole: from the
start of a process, the pictures' files at hand, to the last epoch's validation and checkpoint; the same number of steps
on the same pictures.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.fine_tuning import STEADY, prepared, seconds, steady
from benchmarks.peers import links, said
from benchmarks.photos import KINDS, SMALL, write_photos, write_splits
from benchmarks.table import Figure, show
from benchmarks.trainings import as_a_job, plain_recipe
from core.inference import choose_device
from core.models import Network
from core.settings import Settings
from core.training import choose_batch_size, with_batch_size

COUNT, HELD, OFTEN, MANY = 1728, 64, 4, 20_000
BACKBONES = "resnet50,efficientnet_v2_s,vit_b_16"
SHOWN = 12


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


def batch_found(backbone: str, device: str) -> None:
    """Print what a recipe that leaves the batch open takes there for many pictures."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), device=device)
        network = Network(backbone, len(KINDS), image_size=224).to(choose_device(device))
        recipe = plain_recipe(backbone, epochs=1, batch=0, precision="bfloat16")
        taken = with_batch_size(network, recipe, MANY, settings)
        size = choose_batch_size(taken, MANY)
        print(f"{backbone}: of {MANY:,} pictures {size} a step, found by trying", flush=True)
    torch.cuda.empty_cache()


def shares(photos: Path, backbone: str, batch: int, device: str) -> None:
    """Print what a picture costs the device beside the bare step, in microseconds."""
    with prepared(photos, backbone, "standard", batch, device, OFTEN) as pair:
        for work in (pair.epoch, pair.floor, pair.epoch, pair.floor):
            work()  # the network's first steps, and all pictures on the device
        (ours, our_wall), (bare, bare_wall) = _spent(pair.epoch, device), _spent(pair.floor, device)
    per = {"engine": 1 / pair.pictures, "bare step": 1 / pair.floor_pictures}
    for (name, share), busy, wall in zip(per.items(), (ours, bare), (our_wall, bare_wall), strict=True):
        took, used = wall * share, busy.total() * share
        print(f"{backbone}, {name}: {took:.1f} us a picture, the device busy for {used:.1f} of them", flush=True)
    more = {name: ours[name] * per["engine"] - bare[name] * per["bare step"] for name in ours | bare}
    for name, difference in sorted(more.items(), key=lambda item: -abs(item[1]))[:SHOWN]:
        print(f"  {difference:+7.2f} us  {name[:110]}", flush=True)


def _spent(work: Callable[[], None], device: str) -> tuple[Counter[str], float]:
    """Microseconds of each kernel, and of the wall clock, the profiler's own time in the latter."""
    on_gpu = device == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as found:
        wall = seconds(work) * 1e6
    events = found.key_averages()
    spent = {event.key: event.self_device_time_total if on_gpu else event.self_cpu_time_total for event in events}
    return Counter(spent), wall


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
    card = torch.cuda.get_device_name() if options.device == "cuda" else options.device
    with tempfile.TemporaryDirectory() as temporary:
        photos, place = Path(temporary) / "photos", Path(temporary) / "splits"
        write_photos(options.sets, photos, COUNT, SMALL)
        write_splits(photos, HELD)
        links(photos, place)
        figures = []
        for backbone in options.backbones.split(","):
            speed, bare, ratio, precision = steady(photos, backbone, "standard", options.batch, options.device, OFTEN)
            figures.append(
                Figure(name=f"{backbone}, {precision}, batches of {options.batch}, steady", value=f"{speed:.0f} /s",
                       floor=f"bare step {bare:.0f} /s", ratio=ratio, target=f">= {STEADY:g}", met=ratio >= STEADY)
            )  # fmt: skip
            show(f"so far, {card}", figures[-1:])
            batch_found(backbone, options.device)
            shares(photos, backbone, options.batch, options.device)
        for backbone in options.backbones.split(","):
            figures.append(whole(place, backbone, options.batch, options.epochs))
    show(f"Fine-tuning on {card}, photos of {SMALL[0]} x {SMALL[1]}", figures)


if __name__ == "__main__":
    main()
