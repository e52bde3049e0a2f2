"""What the training engine is compared to: the plain loop and fastai, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from core.jobs.process import CHILD_ENVIRON

PEERS = "PEERS"
"""Names the folder that fastai was installed into (see README.md); it is on the path of the peers' processes alone."""


def links(folder: Path, place: Path) -> None:
    """The splits of `labels.csv` as folders that ImageFolder reads."""
    for line in (folder / "labels.csv").read_text().splitlines()[1:]:
        name, kind, split = line.split(",")
        target = place / split / kind
        target.mkdir(parents=True, exist_ok=True)
        os.link(folder / name, target / Path(name).name)


def plainly(place: Path, *options: str) -> dict[str, object]:
    """What the plain loop says of the folders that `links` made."""
    return said("benchmarks.plain", str(place / "train"), str(place / "validation"), *options)


def by_fastai(place: Path, *options: str) -> float | None:
    """Seconds that fastai took for the folders that `links` made; None, with a line, where it is not to be had."""
    found = said("benchmarks.fast_ai", str(place), *options)
    if not found:
        print("fastai was left out: it cannot be imported (benchmarks/README.md tells how to install it).")
        return None
    print("fastai", found)
    return float(str(found["seconds"]))


def said(module: str, *options: str) -> dict[str, object]:
    """The last line that a module prints in a process of its own, in the environment that a person has."""
    environ = {name: value for name, value in os.environ.items() if name not in {*CHILD_ENVIRON, "OMP_NUM_THREADS"}}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (environ.get("PYTHONPATH"), environ.get(PEERS))))
    command = [sys.executable, "-m", module, *options]
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
