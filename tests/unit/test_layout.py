"""Pictures laid out as points, and the chart of them."""

import numpy as np
import pytest

from core.charts.picture_map import Heap, picture_map_figure
from core.evaluation.layout import directions, neighbours


def heaps(count: int = 20) -> np.ndarray:
    """Three heaps of points in 30 dimensions, far apart."""
    random = np.random.default_rng(0)
    middles = random.normal(0, 10, (3, 30))
    return np.concatenate([middle + random.normal(0, 1, (count, 30)) for middle in middles]).astype(np.float32)


@pytest.mark.parametrize("way", [lambda x: directions(x)[0], neighbours])
def test_what_lies_together_among_the_features_lies_together_on_the_map(way) -> None:
    places = way(heaps())
    assert places.shape == (60, 2) and np.abs(places).max() == pytest.approx(1)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (distances.argmin(1) // 20 == np.arange(60) // 20).all()


def test_points_on_a_line_are_shown_by_one_direction_alone() -> None:
    line = np.linspace(-1, 1, 11)[:, None] * np.array([[1.0, 2.0, 3.0]])
    places, share = directions(line.astype(np.float32))
    assert share == pytest.approx(1) and np.abs(places[:, 1]).max() < 1e-3
    assert np.abs(places[:, 0]) == pytest.approx(np.abs(np.linspace(-1, 1, 11)), abs=1e-4)


def test_the_same_features_give_the_same_map() -> None:
    assert np.array_equal(neighbours(heaps(6)), neighbours(heaps(6)))


def test_pictures_that_are_all_the_same_have_a_map_too_and_fifteen_have_no_neighbours() -> None:
    same = np.ones((16, 6), np.float32)
    places, share = directions(same)
    assert places.shape == (16, 2) and not places.any() and share == 0, "all lie in the middle"
    near = neighbours(same)
    assert near is not None and near.shape == (16, 2) and not near.any()
    assert neighbours(same[:15]) is None


def test_a_point_of_the_chart_is_found_again_by_its_heap_and_its_position_in_it() -> None:
    places = np.arange(8, dtype=np.float32).reshape(4, 2)
    found = [
        Heap(name="rust", colour="#ff0000", positions=np.array([3, 1])),
        Heap(name="cm", colour="", positions=np.array([0, 2]), values=np.array([1.5, 2.5])),
    ]
    first, second = picture_map_figure(places, ["a", "<b>", "c", "d"], found).data
    assert (first.type, list(first.x), list(first.text)) == ("scattergl", [6, 2], ["d", "&lt;b&gt;"])
    assert first.name == "rust (2)" and list(second.marker.color) == [1.5, 2.5]
