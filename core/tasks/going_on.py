"""What a job that takes in files still has to do, after an attempt that was killed."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from core.jobs.context import JobContext
from core.media.sources import UPLOAD, batch_folder
from core.store import imports
from core.store.db import writing

Item = TypeVar("Item")


def still_to_do(items: Iterable[Item], name_of: Callable[[Item], str], done: Counter[str]) -> list[Item]:
    """The items that are not `done`, which loses those that are.

    Two zips may hold files of one name. They are dealt with in their order: of equal names the first are done.
    """
    left = []
    for item in items:
        if done[name_of(item)]:
            done[name_of(item)] -= 1
        else:
            left.append(item)
    return left


def all_taken(context: JobContext, source: str) -> None:
    """Say that nothing of the source is needed any more, then forget what a browser sent."""
    context.progress("Done", fraction=1.0, now=True)
    if source.startswith(UPLOAD):
        forget_upload(context, source.removeprefix(UPLOAD))


def is_forgotten(context: JobContext, source: str) -> bool:
    """Whether an earlier attempt took all of an upload in, and died when it had forgotten it."""
    if not source.startswith(UPLOAD) or context.run.progress.get("fraction") != 1.0:
        return False
    return not (batch_folder(context.settings, source.removeprefix(UPLOAD)) / "names.json").exists()


def forget_upload(context: JobContext, batch: str) -> None:
    """Delete what the browser sent, once it has been taken in."""
    with writing(context.engine) as session:
        imports.delete_batch(session, batch)
    shutil.rmtree(batch_folder(context.settings, batch), ignore_errors=True)
