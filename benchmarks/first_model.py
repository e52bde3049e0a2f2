"""From pictures in a folder to a confusion matrix: 20 pictures of each of 5 classes, a mobile-size backbone, CPU.

python -m benchmarks.first_model [--repeats 3] [--weights none]
"""

import argparse
import dataclasses
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.filled import write_pictures
from benchmarks.table import Figure, fresh_home, show
from core.jobs.payloads import ImportPayload
from core.recipes import PRESETS
from core.types import RunState, Split, Task

CLASSES, EACH, TARGET_S = 5, 20, 30.0


def first_model(folder: Path, weights: str) -> tuple[float, float, float]:
    """Seconds of the import, of the training (each with its process's start), and the accuracy on the test split."""
    with fresh_home() as graft:
        project = graft.projects.create("First", Task.SINGLE)
        begin = time.perf_counter()
        graft.serving.finish(graft.imports.start(project, ImportPayload(source=str(folder))))
        imported = time.perf_counter()
        recipe = dataclasses.replace(PRESETS["instant"], weights=weights)
        run = graft.serving.finish(graft.training.start(project, recipe))
        view = graft.results.read(run.id, Split.TEST)
        done = time.perf_counter()
        assert run.state is RunState.DONE, run.error
    accuracy = view.scores.figures["accuracy"]
    return imported - begin, done - imported, accuracy.value if accuracy else 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--weights", default="none", help="none needs no network; imagenet takes as long once fetched")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder), CLASSES, EACH, side=640)
        found = [first_model(Path(folder), options.weights) for _ in range(options.repeats)]
    into, trained, accuracy = (statistics.median(values) for values in zip(*found, strict=True))
    total = statistics.median(item[0] + item[1] for item in found)
    show(
        f"{EACH} x {CLASSES} pictures to a confusion matrix, {PRESETS['instant'].backbone}, n={options.repeats}",
        [
            Figure(name="import", value=f"{into:.1f} s"),
            Figure(name="training, features to scores", value=f"{trained:.1f} s"),
            Figure(name="in all", value=f"{total:.1f} s", target=f"<= {TARGET_S:.0f} s", met=total <= TARGET_S),
            Figure(name="accuracy on the test split", value=f"{accuracy:.2f}"),
        ],
    )


if __name__ == "__main__":
    main()
