"""Where a training stands, on disk: whole or absent, and read back without running code."""

import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from core.errors import DiskFull, is_full

NAME = "checkpoint.pt"
Checkpoint = dict[str, Any]


def save_checkpoint(folder: Path, state: Checkpoint) -> None:
    """Replace the checkpoint. On a full disk the last good one stays. Raises DiskFull."""
    temporary = folder / f"{NAME}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)  # somebody may have tidied up
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / NAME)
    except (OSError, RuntimeError) as error:  # torch turns a short write into a RuntimeError
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and not is_full(error):
            raise
        kept = (folder / NAME).exists()
        raise DiskFull(
            "The disk is full: the training's state could not be written."
            + (" Its last good state is kept." if kept else ""),
            hint="Make room, then resume the run: it " + ("goes on from there." if kept else "begins again."),
        ) from error


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint, or None if there is none that is whole."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as parts:  # torch reads over the checksums that it wrote
            if parts.testzip() is not None:
                return None
        state: Checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged file raises whatever its bytes lead to: the training then starts anew
        return None
    return state


def delete_checkpoint(folder: Path) -> None:
    """Forget the checkpoint of a training that ended well."""
    (folder / NAME).unlink(missing_ok=True)
