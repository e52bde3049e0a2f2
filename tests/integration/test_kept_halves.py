"""What a frozen half says is computed once: the training ends as it would without."""

import dataclasses
import os
from pathlib import Path

import pytest
import torch

from core.models.halves import compute_below
from core.recipes import Recipe
from core.settings import Settings
from core.training import frozen
from tests.integration.test_fine_tuning import GRADUAL, Watcher, blobs, trainer

__all__ = ["blobs"]  # a fixture
STILL: Recipe = GRADUAL.with_settings({"augmentation": "none", "epochs": "6", "patience": "0"})


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures a frozen half has looked at, call by call."""
    found: list[int] = []

    def counted(network: object, halves: object, pictures: torch.Tensor, *, half: bool) -> torch.Tensor:
        found.append(len(pictures))
        return compute_below(network, halves, pictures, half=half)  # type: ignore[arg-type]

    monkeypatch.setattr(frozen, "compute_below", counted)
    return found


@pytest.mark.parametrize(
    "changes",
    [{"tune": "last:2"}, {"tune": "gradual", "epochs": "10"}, {"tune": "last:2", "ema": "0.9"},
     {"tune": "last:1", "precision": "bfloat16"}],
    ids=lambda changes: " ".join(changes.values()),
)  # fmt: skip
def test_a_kept_half_changes_no_number(
    settings: Settings, blobs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    recipe = STILL.with_settings(changes)
    kept, anew = Watcher(), Watcher()
    fit = trainer(settings, blobs, recipe, tmp_path / "kept", kept).fit()
    assert "computed once and kept" in fit.engine["frozen"]
    monkeypatch.setattr("core.training.fit.keep_below", lambda *_: "")
    trainer(settings, blobs, recipe, tmp_path / "anew", anew).fit()
    for (_, first), (_, second) in zip(kept.curves, anew.curves, strict=True):
        assert first == pytest.approx(second, rel=0.02 if recipe.precision == "bfloat16" else 1e-4, abs=1e-4)


def test_each_picture_passes_the_frozen_half_once(
    settings: Settings, blobs: list[str], tmp_path: Path, computed: list[int]
) -> None:
    recipe = STILL.with_settings({"tune": "last:2"})
    first = trainer(settings, blobs, recipe, tmp_path / "first", Watcher()).fit()
    assert sum(computed) == 24 + 2  # and a blank picture each, for the shape, to learn from and to be judged by
    computed.clear()
    again = trainer(settings, blobs, recipe, tmp_path / "again", Watcher()).fit()
    assert sum(computed) == 2
    assert (again.score, again.best_epoch) == (first.score, first.best_epoch)


def test_a_damaged_answer_is_computed_again(
    settings: Settings, blobs: list[str], tmp_path: Path, computed: list[int]
) -> None:
    recipe = STILL.with_settings({"tune": "last:2"})
    calm, hurt = Watcher(), Watcher()
    trainer(settings, blobs, recipe, tmp_path / "first", calm).fit()
    for file in settings.halves.glob("*/rows.bin"):
        content = bytearray(file.read_bytes())
        content[7] ^= 255
        file.write_bytes(content)
    computed.clear()
    trainer(settings, blobs, recipe, tmp_path / "again", hurt).fit()
    assert sum(computed) == 2 + 1
    assert hurt.curves[-1][1] == pytest.approx(calm.curves[-1][1], rel=1e-4, abs=1e-4)


def test_a_training_killed_with_a_kept_half_ends_with_the_same_numbers(
    settings: Settings, blobs: list[str], tmp_path: Path
) -> None:
    recipe = STILL.with_settings({"tune": "last:2"})

    def kill(epoch: int, done: int) -> None:
        if (epoch, done) == (2, 1):
            raise KeyboardInterrupt

    killed, resumed, calm = Watcher(at=kill), Watcher(), Watcher()
    with pytest.raises(KeyboardInterrupt):
        trainer(settings, blobs, recipe, tmp_path / "killed", killed).fit()
    trainer(settings, blobs, recipe, tmp_path / "killed", resumed).fit()
    trainer(settings, blobs, recipe, tmp_path / "calm", calm).fit()
    assert killed.curves + resumed.curves == calm.curves


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"augmentation": "light"}, "the pictures are varied"),
        ({"mixup": "0.2"}, "the pictures are varied"),
        ({"erase": "0.1"}, "the pictures are varied"),
        ({"tune": "last:0"}, "by chance (dropout)"),
    ],
)
def test_varied_pictures_pass_the_whole_network_and_the_run_says_so(
    settings: Settings, blobs: list[str], tmp_path: Path, changes: dict[str, str], why: str
) -> None:
    recipe = STILL.with_settings({"tune": "last:2", **changes})
    fit = trainer(settings, blobs, recipe, tmp_path / "run", Watcher()).fit()
    assert why in fit.engine["frozen"] and not settings.halves.exists()


def test_nothing_is_said_where_nothing_stays_frozen(settings: Settings, blobs: list[str], tmp_path: Path) -> None:
    fit = trainer(settings, blobs, STILL.with_settings({"tune": "all"}), tmp_path / "run", Watcher()).fit()
    assert fit.engine == {}


def test_what_was_not_used_for_longest_makes_room(settings: Settings, blobs: list[str], tmp_path: Path) -> None:
    recipe = STILL.with_settings({"tune": "last:2", "epochs": "2"})
    trainer(settings, blobs, recipe, tmp_path / "first", Watcher()).fit()
    (old,) = settings.halves.iterdir()
    size = sum(file.stat().st_size for file in old.iterdir())
    narrow = dataclasses.replace(settings, max_halves_bytes=size)
    trainer(narrow, blobs, recipe.with_settings({"tune": "last:1"}), tmp_path / "second", Watcher()).fit()
    (new,) = settings.halves.iterdir()
    assert new != old
    tiny = dataclasses.replace(settings, max_halves_bytes=1000)
    fit = trainer(tiny, blobs, recipe, tmp_path / "third", Watcher()).fit()
    assert "no room" in fit.engine["frozen"]


def test_of_several_halves_the_one_that_was_not_used_for_longest_goes_first(settings: Settings) -> None:
    for used, name in ((3, "b"), (1, "c"), (2, "a")):  # in no order of names
        (settings.halves / name).mkdir(parents=True)
        (settings.halves / name / "rows.bin").write_bytes(bytes(1000))
        os.utime(settings.halves / name, (used, used))
    own, narrow = settings.halves / "own", dataclasses.replace(settings, max_halves_bytes=2500)
    assert frozen._room({own}, 500, narrow), "exactly so much fits beside two of them"
    assert sorted(item.name for item in settings.halves.iterdir()) == ["a", "b", "own"]
    assert frozen._room({own}, 501, narrow)
    assert sorted(item.name for item in settings.halves.iterdir()) == ["b", "own"]
    assert not frozen._room({own}, 2501, narrow)
    assert sorted(item.name for item in settings.halves.iterdir()) == ["b", "own"], (
        "what would not fit drives nothing out"
    )
