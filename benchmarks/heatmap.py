"""A heatmap's latency, from the request until the file is there, with a warm interactive worker, beside the bare
forward and backward pass of the same network on the same pictures.

python -m benchmarks.heatmap [--pictures 20]
"""

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.filled import imported, write_pictures
from benchmarks.table import Figure, fresh_home, percentiles, show
from core.explanation import explain
from core.graft import Graft
from core.inference import frame_picture, open_pixels, to_batch
from core.models import load_model
from core.recipes import PRESETS
from core.services.gallery import Picture, PictureFilter
from core.types import RunId, RunState

TARGET_MS, CLASSES, EACH = 1000.0, 5, 20


def asked(graft: Graft, model: RunId, pictures: list[Picture]) -> list[float]:
    """Milliseconds per picture, each asked for the first time."""
    spent = []
    for picture in pictures:
        begin = time.perf_counter()
        graft.explanations.wait(graft.explanations.request(model, image=picture.id))
        spent.append((time.perf_counter() - begin) * 1000)
    return spent


def bare(graft: Graft, model: RunId, pictures: list[Picture]) -> list[float]:
    """The same by the network alone, in this process: decode, frame, explain."""
    loaded = load_model(graft.settings.models / str(model), torch.device("cpu"))
    spent = []
    for picture in pictures:
        begin = time.perf_counter()
        content = graft.gallery.store.read(picture.blob)
        pixels = open_pixels(content, picture.name, min_side=loaded.card.image_size)
        batch = to_batch([frame_picture(pixels, loaded.card.image_size, loaded.card.framing)])
        explain(loaded.network, batch, torch.tensor([0]), "gradcam")
        spent.append((time.perf_counter() - begin) * 1000)
    return spent[1:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20)
    options = parser.parse_args()
    with fresh_home() as graft, tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder), CLASSES, EACH, side=640)
        project = imported(graft, Path(folder), labels=True)
        recipe = dataclasses.replace(PRESETS["instant"], weights="none")
        run = graft.serving.finish(graft.training.start(project, recipe))
        if run.state is not RunState.DONE:
            raise SystemExit(run.error)
        pictures = list(graft.gallery.page(project, PictureFilter(), size=options.pictures + 2).pictures)
        worker = subprocess.Popen(
            [sys.executable, "-m", "core.worker", "interactive"],
            env={**os.environ, **graft.settings.environ()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            (cold,) = asked(graft, run.id, pictures[:1])
            (second,) = asked(graft, run.id, pictures[1:2])
            middle, late = percentiles(asked(graft, run.id, pictures[2:]))
        finally:
            worker.terminate()
            worker.wait(20)
        least, _ = percentiles(bare(graft, run.id, pictures))
    show(
        f"Grad-CAM, {recipe.backbone}, CPU, n={options.pictures}",
        [
            Figure(name="worker started at the same time", value=f"{cold:.0f} ms"),
            Figure(
                name="first with a warm model",
                value=f"{second:.0f} ms",
                target=f"< {TARGET_MS:.0f} ms",
                met=second < TARGET_MS,
            ),
            Figure(name="p50", value=f"{middle:.0f} ms", floor=f"{least:.0f} ms", ratio=least / middle),
            Figure(name="p95", value=f"{late:.0f} ms", target=f"< {TARGET_MS:.0f} ms", met=late < TARGET_MS),
        ],
    )


if __name__ == "__main__":
    main()
