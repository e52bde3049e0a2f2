"""Where a training stands, on disk: whole or absent, and read back without running code."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from core.errors import DiskFull, is_full
from core.media import write_file
from core.settings import CHECKPOINT
from core.types import JsonObject, JsonValue

NAME, DECIDED = CHECKPOINT, "decided.json"
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
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        # torch goes on after a write that failed and stumbles over where it is: that write is then the context.
        if not is_full(error.__context__ if isinstance(error, RuntimeError) else error):
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


def save_decisions(folder: Path, decided: JsonObject) -> None:
    """Keep what a training found fastest: one that goes on tries nothing, for it might find otherwise."""
    write_file(folder / DECIDED, json.dumps(decided).encode())


def keep_beside(folder: Path, name: str, value: JsonValue) -> None:
    """Keep something else of the training beside what it found fastest."""
    save_decisions(folder, {**(load_decisions(folder) or {}), name: value})


def load_decisions(folder: Path) -> JsonObject | None:
    """What was kept, or None if nothing was."""
    try:
        found = json.loads((folder / DECIDED).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def delete_checkpoint(folder: Path) -> None:
    """Forget where a training stood that ended well."""
    for name in (NAME, DECIDED):
        (folder / name).unlink(missing_ok=True)
