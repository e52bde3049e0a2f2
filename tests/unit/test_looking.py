"""Networks that cannot look at pictures so small, or one at a time, say so before they begin."""

import pytest
import torch

from core.errors import BadInput
from core.models import Network
from core.models.looking import check_looks


@pytest.mark.parametrize(("backbone", "side"), [("squeezenet1_1", 16), ("inception_v3", 32)])
def test_pictures_too_small_for_a_network_are_refused_in_words(backbone: str, side: int) -> None:
    with pytest.raises(BadInput, match=f"{backbone} cannot look at pictures of {side} x {side} pixels") as refused:
        check_looks(Network(backbone, 2, image_size=side))
    assert "0 is the network's own" in refused.value.hint


def test_a_single_picture_of_which_nothing_is_left_to_average_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="cannot learn from one picture at a time"):
        check_looks(Network("mobilenet_v3_small", 2, image_size=32), alone=True)


def test_to_ask_changes_nothing() -> None:
    network = Network("mobilenet_v3_small", 2, image_size=64)
    before, drawn = {name: value.clone() for name, value in network.state_dict().items()}, torch.random.get_rng_state()
    check_looks(network, alone=True)
    assert network.training and torch.equal(drawn, torch.random.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
