"""A frozen body and a new head against the plain loop, and a folder on its way to a confusion matrix.

python -m benchmarks.frozen SETS [--what features|head|folder]

`features`: pictures a second from JPEG to features, against an epoch of the plain loop with its body frozen.
`head`: a whole Instant training of 2,000 photos against that loop until it names validation pictures as well.
`folder`: 500 photos to a confusion matrix with ResNet-18; then two trainings on them: when the second's first step
begins. The jobs worker runs already, as in the app; fastai's `fine_tune(1)` is its peer.
"""

import argparse
import dataclasses
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.peers import by_fastai, links, plainly
from benchmarks.photos import SMALL, write_photos, write_splits
from benchmarks.table import Figure, fresh_home, show
from benchmarks.trainings import as_a_job
from benchmarks.worker import Worker, working
from core.catalogue import BUNDLED
from core.features import PixelCache, cached_features
from core.features.bodies import fingerprint
from core.graft import Graft
from core.inference import choose_runtime
from core.jobs.payloads import ImportPayload
from core.media import BlobStore
from core.models import Network, load_weights
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.types import ProjectId, Split, Task

FASTER, SCORED, FOLDER_S, AGAIN_S, ROUNDS = 5.0, 20.0, 12.0, 2.0, 3
ENOUGH = 1.5
"""So many times as long as the target asks for is waited for the plain loop."""
SMALL_ONE = "mobilenet_v3_small"


def features(folder: Path, backbone: str) -> list[Figure]:
    """From files to features, the trial of runtimes done before: it is done once per machine.

    Medians of three rounds and of three epochs: what a process touches first a virtual machine has to get somewhere.
    """
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(home), device="cpu")
        store = BlobStore(settings)
        blobs = [store.put(path.read_bytes()) for path in sorted(folder.glob("*/*.jpg"))]
        network = Network(backbone, 3, image_size=224)
        if backbone == SMALL_ONE:
            load_weights(network, "bundled", settings)
        begin = time.perf_counter()
        runtime = choose_runtime(network, len(blobs), Recipe(), settings)
        trial = time.perf_counter() - begin
        rounds: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            shutil.rmtree(settings.pixels, ignore_errors=True)
            shutil.rmtree(settings.features / fingerprint(network, PixelCache(settings, 224, "squash"), runtime), True)
            begin = time.perf_counter()
            pixels = PixelCache(settings, 224, "squash")
            pixels.fill(blobs)
            decoded = time.perf_counter()
            cached_features(network, pixels, blobs, settings, runtime=runtime)
            rounds.append((decoded - begin, time.perf_counter() - decoded))
        links(folder, Path(place))
        plain = plainly(Path(place), "--backbone", backbone, "--frozen", "none", "--epochs", str(ROUNDS))
    decoding, looking = (len(blobs) / statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    ours = len(blobs) / statistics.median(map(sum, rounds))
    epochs: list[float] = plain["epochs"]  # type: ignore[assignment]
    peer = float(str(plain["pictures"])) / statistics.median(epochs)
    words = f"{runtime}; decoding {decoding:.0f} /s, network {looking:.0f} /s"
    return [
        Figure(name=f"features, {backbone}, JPEG to features ({words})", value=f"{ours:.0f} /s",
               floor=f"plain {peer:.0f} /s", ratio=ours / peer, target=f">= {FASTER:g} x", met=ours >= FASTER * peer),
        Figure(name="trying the runtimes, once per machine", value=f"{trial:.1f} s"),
    ]  # fmt: skip


def brought_in(graft: Graft, worker: Worker, folder: Path) -> ProjectId:
    """A project with the folder's photos."""
    project = graft.projects.create("Photos", Task.SINGLE)
    worker.finish(graft.imports.start(project, ImportPayload(source=str(folder))))
    return project


def head(folder: Path) -> list[Figure]:
    """Seconds of both to the same score on validation."""
    recipe = dataclasses.replace(PRESETS["instant"], weights="bundled", backbone=SMALL_ONE)
    with fresh_home() as graft, working(graft) as worker, tempfile.TemporaryDirectory() as place:
        project = brought_in(graft, worker, folder)
        worker.rest()
        begin = time.perf_counter()
        run = graft.training.start(project, recipe)
        result = worker.finish(run)
        ours = time.perf_counter() - begin
        print(result["timings_s"], result["engine"])
        accuracy = graft.results.read(run, Split.VALIDATION).scores.figures["accuracy"]
        wanted = accuracy.value if accuracy else 0.0
        links(folder, Path(place))
        weights = str(BUNDLED / f"{SMALL_ONE}.safetensors")
        plain = plainly(
            Path(place), "--frozen", weights, "--epochs", "100", "--until", str(wanted), "--rate", "0.1",
            "--seconds", str(ENOUGH * SCORED * ours),
        )  # fmt: skip
    seconds, scores = float(str(plain["seconds"])), list(plain["scores"])  # type: ignore[call-overload]
    reached = max(scores) >= wanted
    words = f"plain {'' if reached else '> '}{seconds:.0f} s, {len(scores)} epochs, {max(scores):.3f}"
    ratio = seconds / ours
    return [
        Figure(name=f"head of 2,000 photos to an accuracy of {wanted:.3f}", value=f"{ours:.1f} s", floor=words,
               ratio=ratio, target=f">= {SCORED:g} x", met=ratio >= SCORED if reached or ratio >= SCORED else None),
    ]  # fmt: skip


def to_a_matrix(folder: Path) -> list[Figure]:
    """Import, features, head and scores; then two whole trainings on the same photos. The app's worker runs."""
    recipe = dataclasses.replace(PRESETS["instant"], weights="none", backbone="resnet18")
    whole = dataclasses.replace(
        PRESETS["balanced"], weights="none", tune="all", epochs=1, batch_size=8, backbone=SMALL_ONE
    )
    with fresh_home() as graft, working(graft) as worker:
        begin = time.perf_counter()
        project = brought_in(graft, worker, folder)
        imported = time.perf_counter()
        run = graft.training.start(project, recipe)
        result = worker.finish(run)
        graft.results.read(run, Split.TEST)
        done = time.perf_counter()
        print(result["timings_s"], result["engine"])
        worker.finish(graft.training.start(project, whole))
        worker.rest()  # the person looks at the result
        second = worker.finish(graft.training.start(project, dataclasses.replace(whole, seed=1)))
        print(second["timings_s"])
        began = float(str(second["timings_s"]["first_step"]))  # type: ignore[call-overload,index]
    total = done - begin
    with tempfile.TemporaryDirectory() as place:
        links(folder, Path(place))
        peer = by_fastai(Path(place), "--backbone", "resnet18", "--matrix")
    return [
        Figure(name="500 photos to a confusion matrix, ResNet-18", value=f"{total:.1f} s",
               floor=f"import {imported - begin:.1f} s" + (f", fastai {peer:.1f} s" if peer else ""),
               ratio=peer / total if peer else None, target=f"<= {FOLDER_S:g} s", met=total <= FOLDER_S),
        Figure(name="second run on the same photos: claimed to its first step", value=f"{began:.1f} s",
               target=f"< {AGAIN_S:g} s", met=began < AGAIN_S),
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--what", choices=("features", "head", "folder"), default="features")
    parser.add_argument("--backbone", default=SMALL_ONE)
    parser.add_argument("--pictures", type=Path, help="where to keep the enlarged photos")
    options = parser.parse_args()
    as_a_job()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        count = 500 if options.what == "folder" else 2000
        folder = (options.pictures or Path(temporary)) / f"{SMALL[0]}-{count}"
        write_photos(options.sets, folder, count, SMALL)
        write_splits(folder, 100 if count == 2000 else 60)
        match options.what:
            case "features":
                figures = features(folder, options.backbone)
            case "head":
                figures = head(folder)
            case _:
                figures = to_a_matrix(folder)
    show("Frozen body, photos of 640 x 480", figures)


if __name__ == "__main__":
    main()
