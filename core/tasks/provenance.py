"""With what a run was made: the code, the libraries, and its figures as they were at its end."""

import contextlib
import functools
import hashlib
import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from core.jobs.context import JobContext
from core.media import write_file
from core.store import facts, predictions
from core.store.computed import compute
from core.store.db import reading
from core.store.labelling import labelling_json
from core.store.sides import limits_of
from core.store.snapshot import FILE, HASH, snapshot
from core.store.versions import VersionRecord
from core.types import JsonObject

LIBRARIES = ("torch", "torchvision", "timm", "numpy", "scikit-learn", "pillow", "opencv-python-headless", "openvino")
"""What the numbers of a run depend on, by the names of their packages. Not every machine has OpenVINO."""


@functools.cache
def code_version() -> str:
    """Graft's version and, in a checkout, its commit; a "+" says that files were changed since."""
    version, folder = f"graft {metadata.version('graft')}", Path(__file__).parents[2]
    if not (folder / ".git").exists():  # installed: a repository around it is somebody else's
        return version
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=folder, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return version
    return f"{version} ({told.stdout.strip()})"


def libraries() -> JsonObject:
    """Name -> version of Python and the libraries that a run's numbers depend on."""
    found: JsonObject = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def keep_figures(context: JobContext, version: VersionRecord) -> JsonObject:
    """Write the snapshot of the run's figures into its folder; what to put into its result."""
    with reading(context.engine) as session:
        said = predictions.read_predictions(session, context.run.id)
        known = facts.read_facts(session, [item.image_id for item in said if item.image_id is not None])
        labelling = labelling_json(session, version)
        limits = limits_of(session, context.run, version)
    found = snapshot(compute(version, said, known, limits=limits), labelling, code_version())
    content = json.dumps(found, indent=1).encode()
    write_file(context.folder / FILE, content)
    return {HASH: hashlib.sha256(content).hexdigest()}
