"""A peer: fastai as its quick start writes it, for what the plain loop does.

python -m benchmarks.fast_ai FOLDER --backbone B [--epochs 5] [--matrix]

https://docs.fast.ai/quick_start.html: pictures resized to 224 px, a batch of 32, a worker per core, no variation of
pictures, nothing pretrained. FOLDER has the sub-folders `train` and `validation`. Everything learns for `--epochs` of
the one-cycle policy; with `--matrix` instead `fine_tune(1)` (an epoch of the head, one of everything) and the
confusion matrix of `validation`. Prints JSON: seconds from the start of the process, and the accuracy at the end; an
empty object where fastai cannot be imported.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import psutil


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backbone", default="mobilenet_v3_small")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--matrix", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        from fastai.vision import all as vision  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        print("{}")
        return
    from torchvision import models

    vision.set_seed(0)
    data = vision.ImageDataLoaders.from_folder(
        options.folder, valid="validation", item_tfms=vision.Resize(224), bs=options.batch
    )
    arch = getattr(models, options.backbone)
    learner = vision.vision_learner(data, arch, pretrained=False, metrics=vision.accuracy)
    with learner.no_bar(), learner.no_logging():
        if options.matrix:
            learner.fine_tune(1)
            vision.ClassificationInterpretation.from_learner(learner).confusion_matrix()
        else:
            learner.unfreeze()
            learner.fit_one_cycle(options.epochs)
        score = float(learner.recorder.values[-1][-1])
    print(json.dumps({"seconds": time.time() - psutil.Process().create_time(), "score": score}))


if __name__ == "__main__":
    main()
