"""What the environment says, read once."""

from pathlib import Path

import pytest

from core.errors import BadInput
from core.settings import Settings, expanded


@pytest.mark.parametrize("name", ["HOME", "HOST", "PORT", "DEVICE", "SPARES", "WEIGHTS_URL", "DATABASE_URL"])
def test_an_empty_value_is_as_good_as_none(name: str) -> None:
    assert Settings.from_env({f"GRAFT_{name}": ""}) == Settings.from_env({})


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999999999999999999"])
def test_a_port_that_no_machine_has_is_told_in_words(port: str) -> None:
    with pytest.raises(BadInput, match=f"GRAFT_PORT is not between 1 and 65535: {port}"):
        Settings.from_env({"GRAFT_PORT": port})


def test_of_a_person_whom_the_machine_does_not_know_the_tilde_is_a_letter() -> None:
    assert expanded("~nobody-here/pictures") == Path("~nobody-here/pictures")
    assert Settings.from_env({"GRAFT_HOME": "~nobody-here"}).home == Path("~nobody-here").absolute()
    assert expanded("~/pictures") == Path.home() / "pictures"
