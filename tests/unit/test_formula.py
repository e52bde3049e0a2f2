"""Pictures by formula: the same always, each its own, and of its class."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.formula import FormulaPictures, FormulaPool
from core.formula.chance import keys, uniform

SMALL = FormulaPictures(size=48, fractals=6, palettes=5, textures=4, scatters=3, each=20)


def test_a_picture_is_the_same_alone_and_in_any_batch() -> None:
    together = SMALL.read(torch.tensor([3, 47, 90, 119]))
    for row, position in enumerate((3, 47, 90, 119)):
        alone = SMALL.read(torch.tensor([position]))[0]
        assert (alone.int() - together[row].int()).abs().max() <= 1


def test_another_seed_or_index_is_another_picture() -> None:
    first = SMALL.read(torch.tensor([0]))
    other_seed = FormulaPictures(seed=1, size=48, fractals=6, palettes=5, textures=4, scatters=3, each=20).read(
        torch.tensor([0])
    )
    for other in (other_seed, SMALL.read(torch.tensor([1]))):
        assert (first.int() - other.int()).abs().float().mean() > 10


def test_every_picture_has_contrast_and_colour() -> None:
    pictures = SMALL.read(torch.arange(0, SMALL.count, 2)).float()
    assert pictures.shape == (60, 3, 48, 48)
    assert (pictures.std((1, 2, 3)) > 8).all()
    assert pictures.std(1).mean() > 15  # channels differ: it is not grey


def test_labels_name_the_formulas_that_drew_the_picture() -> None:
    labels = SMALL.labels(torch.arange(SMALL.count))
    assert labels[:, 0].tolist() == [position // 20 for position in range(120)]
    for column, formulas in enumerate(SMALL.formulas):
        assert set(labels[:, column].tolist()) == set(range(formulas))


def test_a_pool_keeps_what_was_drawn_and_draws_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = torch.tensor([5, 90, 5, 17])
    fresh = SMALL.read(asked)
    assert (FormulaPool(SMALL, tmp_path).read(asked).int() - fresh.int()).abs().max() <= 1
    again = FormulaPool(SMALL, tmp_path)  # as after a restart
    monkeypatch.setattr(FormulaPictures, "read", lambda self, positions: pytest.fail(f"drew {positions} again"))
    assert (again.read(asked).int() - fresh.int()).abs().max() <= 1
    assert torch.equal(again.labels(asked), SMALL.labels(asked))


def test_the_files_of_another_pool_are_not_taken_for_this_one_s(tmp_path: Path) -> None:
    FormulaPool(SMALL, tmp_path).read(torch.tensor([0]))
    smaller = replace(SMALL, each=10)
    assert torch.equal(FormulaPool(smaller, tmp_path).read(torch.tensor([0])), smaller.read(torch.tensor([0])))


def test_a_scatter_decides_how_many_leaves_lie_there() -> None:
    from core.formula import leaves

    numbers = torch.arange(8).repeat_interleave(10)
    drawn = leaves.draw(keys(0, numbers), keys(1, torch.arange(80)), 48)
    seen = torch.tensor([len(picture.unique()) for picture in drawn], dtype=torch.float).view(8, 10)
    assert seen.mean(1).var() > 4 * seen.var(1).mean()


def test_classes_can_be_told_from_each_other_by_simple_figures() -> None:
    """A nearest neighbour on small grey densities knows the fractal far better than chance."""
    from core.formula import fractals

    numbers = torch.arange(6).repeat_interleave(12)
    density, _ = fractals.draw(keys(0, numbers), keys(1, torch.arange(72)), 48)
    # What neither turning, sizing nor shifting changes much: how the densities are distributed.
    figures = density.flatten(1).sort(1).values[:, -1200::24]
    distance = torch.cdist(figures, figures).fill_diagonal_(torch.inf)
    found = numbers[distance.argmin(1)] == numbers
    assert found.float().mean() > 0.35  # chance: 0.15


def test_chance_is_even_and_streams_differ() -> None:
    key = keys(3, torch.arange(64))
    numbers = uniform(key, 1, 500)
    assert float(numbers.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(numbers.var()) == pytest.approx(1 / 12, abs=0.005)
    assert float(torch.corrcoef(torch.stack([numbers.flatten(), uniform(key, 2, 500).flatten()]))[0, 1]) == (
        pytest.approx(0, abs=0.03)
    )
    assert numbers.min() >= 0 and numbers.max() < 1
