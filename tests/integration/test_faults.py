"""A training whose process is killed without warning, at random and at the worst moments; one that is asked to stop."""

import io
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.errors import Cancelled
from core.features import PixelCache, pixels
from core.features.rows import RowCache
from core.graft import Graft, open_graft
from core.jobs import execute
from core.media import BlobStore, open_rgb
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.store import images, runs
from core.store.db import reading, writing
from core.store.predictions import read_predictions
from core.tasks import train
from core.training import checkpoint
from core.types import JsonObject, Lane, ProjectId, RunId, RunState
from tests.at_once import claim, complete, serve
from tests.integration.test_training import TINY

RECIPE = PRESETS["balanced"].with_settings(
    {"image_size": "32", "weights": "bundled", "epochs": "3", "batch_size": "6", "patience": "0"}
)


def work(settings: Settings, prepare: Callable[[], object]) -> None:
    """One attempt at the waiting run, in this process."""
    graft = open_graft(settings)
    run = claim(graft, Lane.TRAINING)
    prepare()
    execute(train.run, run, engine=graft.engine, settings=settings)


def nothing() -> None:
    """A child that nothing happens to."""


def attempt(settings: Settings, prepare: Callable[[], object] = nothing, seconds: float = 1e6) -> bool:
    """One attempt in a process of its own, killed after so many seconds; False if it was killed."""
    # Not forked from this process, which may have trained already: autograd's threads do not survive a fork.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    child = context.Process(target=work, args=(settings, prepare))
    child.start()
    timer = threading.Timer(min(seconds, 100), child.kill)
    timer.start()
    child.join()
    timer.cancel()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode == 0


def given_back(graft: Graft, run_id: RunId) -> None:
    """What a worker does with the run of a process that it has ended."""
    with writing(graft.engine) as session:
        assert runs.release_run(session, run_id, runs.read_run(session, run_id).attempts, retries=0)


def outcome(graft: Graft, run_id: RunId) -> JsonObject:
    run = graft.training.read(run_id)
    assert run.state is RunState.DONE and run.result is not None, run.trace
    with writing(graft.engine) as session:
        said = read_predictions(session, run_id)
    return {
        "best": run.result["best_epoch"], "score": run.result["score"],
        "curves": {name: [list(point) for point in points] for name, points in graft.training.curves(run_id).items()},
        "said": [item.probabilities for item in said],
    }  # fmt: skip


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def while_writing_a_checkpoint() -> None:
    """The second checkpoint is half on the disk."""
    calls = []

    def half(state: object, file: io.BufferedWriter) -> None:
        calls.append(state)
        if len(calls) == 2:
            file.write(b"half of it")
            file.flush()
            die()
        save(state, file)

    save = checkpoint.torch.save
    checkpoint.torch.save = half  # type: ignore[assignment]


def before_a_checkpoint_is_renamed() -> None:
    replace = Path.replace
    Path.replace = lambda self, target: die() if self.suffix == ".new" else replace(self, target)  # type: ignore


def while_keeping_features() -> None:
    """Rows are written whose records are not."""
    crc = RowCache._records
    calls = []

    def records(self: RowCache) -> np.ndarray:
        calls.append(self)
        if self.dtype == np.float32 and (self.folder / "rows.bin").exists():
            with (self.folder / "rows.bin").open("ab") as file:
                file.write(b"\1" * 1000)
            die()
        return crc(self)

    RowCache._records = records  # type: ignore[method-assign]


def while_decoding() -> None:
    calls = []
    frame = pixels.frame_picture

    def framed(*arguments: object) -> object:
        calls.append(1)
        return die() if len(calls) == 20 else frame(*arguments)  # type: ignore[arg-type]

    pixels.frame_picture = framed  # type: ignore[assignment]


MOMENTS = [while_decoding, while_keeping_features, while_writing_a_checkpoint, before_a_checkpoint_is_renamed]


def test_a_training_killed_at_the_worst_and_at_random_moments_ends_with_the_same_numbers(
    graft: Graft, project: ProjectId
) -> None:
    calm = graft.training.start(project, RECIPE)
    begin = time.monotonic()
    assert attempt(graft.settings)
    lasts = time.monotonic() - begin
    expected = outcome(graft, calm)
    for folder in (graft.settings.pixels, graft.settings.features):
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    killed = graft.training.start(project, RECIPE)
    for moment in MOMENTS:
        assert not attempt(graft.settings, moment), moment.__name__
        given_back(graft, killed)
    chance = random.Random(3)
    for _ in range(3):
        if attempt(graft.settings, seconds=chance.uniform(0.1, 0.8) * lasts):
            break
        given_back(graft, killed)
    else:
        assert attempt(graft.settings)
    assert graft.training.read(killed).attempts >= 1 + len(MOMENTS)
    assert outcome(graft, killed) == expected


def test_a_training_killed_before_its_end_is_written_down_goes_on_from_its_last_epoch(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = graft.training.start(project, RECIPE)
    complete(graft, calm)
    assert not graft.settings.checkpoint(calm).exists()
    killed = graft.training.start(project, RECIPE)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "finish_run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            serve(graft)
    given_back(graft, killed)
    again = complete(graft, killed).result or {}
    assert "Going on from the end of epoch 3." in again["notes"]  # type: ignore[operator]
    assert outcome(graft, killed) == outcome(graft, calm)
    assert not graft.settings.checkpoint(killed).exists()


def test_compiling_that_may_have_ended_a_training_s_process_is_not_tried_again(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def die_of_it(network: object, recipe: Recipe, *_: object) -> tuple[Recipe, str]:
        asked.append(recipe.compile)
        if recipe.compile == "auto":
            raise KeyboardInterrupt
        return recipe, ""

    monkeypatch.setattr(train, "with_compiling", die_of_it)
    run = graft.training.start(project, RECIPE)
    with pytest.raises(KeyboardInterrupt):
        serve(graft)
    given_back(graft, run)
    assert complete(graft, run).state is RunState.DONE and asked == ["auto", "off"]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def slightly_changed(path: Path) -> None:
    """It still decodes, to another picture."""
    content = bytearray(path.read_bytes())
    content[-10] ^= 4
    path.write_bytes(content)
    open_rgb(path)


@pytest.mark.parametrize("damage", [Path.unlink, cut_short, slightly_changed])
def test_a_stored_picture_that_is_lost_is_named_and_comes_back_with_its_file(
    graft: Graft, project: ProjectId, damage: Callable[[Path], None]
) -> None:
    with reading(graft.engine) as session:
        blob = images.list_blobs(session, project)[0]
        name = images.name_of_blob(session, blob)
    path = BlobStore(graft.settings).path(blob)
    content = path.read_bytes()
    damage(path)
    run_id = graft.training.start(project, TINY)
    assert serve(graft) is RunState.FAILED
    run = graft.training.read(run_id)
    what = "is gone from Graft's home" if damage is Path.unlink else "is damaged"
    assert run.error == f"The stored picture {name} {what}."
    assert "Bring the same file in again" in run.hint
    assert BlobStore(graft.settings).put(content) == blob  # as an import does with every file
    assert graft.training.resume(run_id)
    complete(graft, run_id)


def test_whoever_stops_it_does_not_wait_for_slow_pictures(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = []
    for number in range(64):
        file = io.BytesIO()
        Image.new("RGB", (8, 8), (number, 0, 0)).save(file, "PNG")
        blobs.append(BlobStore(settings).put(file.getvalue()))
    opened = pixels.open_pixels

    def slowly(content: bytes, name: str, *, min_side: int) -> NDArray[np.uint8]:
        time.sleep(0.3)
        return opened(content, name, min_side=min_side)

    monkeypatch.setattr(pixels, "open_pixels", slowly)
    begin = time.monotonic()

    def watch(done: int, total: int) -> None:
        if time.monotonic() - begin > 0.7:
            raise Cancelled("The run was stopped.")

    with pytest.raises(Cancelled):
        PixelCache(settings, 32, "squash").fill(blobs, watch)
    assert time.monotonic() - begin < 3  # all of them take 19 seconds, or 10 by two threads
