"""What a training keeps on disk to go on from."""

from pathlib import Path

import pytest
import torch

from core.errors import GraftError
from core.training.checkpoint import (
    DECIDED,
    NAME,
    delete_checkpoint,
    load_checkpoint,
    load_decisions,
    save_checkpoint,
    save_decisions,
)


def test_a_full_disk_keeps_the_last_good_checkpoint_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, {"epoch": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(GraftError, match="disk is full"):
        save_checkpoint(tmp_path, {"epoch": 2})
    assert load_checkpoint(tmp_path) == {"epoch": 1}
    assert [item.name for item in tmp_path.iterdir()] == [NAME]


def test_a_training_whose_folder_was_deleted_keeps_its_state_anew(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "models" / "7", {"epoch": 1})
    assert load_checkpoint(tmp_path / "models" / "7") == {"epoch": 1}


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"half of it")
    assert load_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path, {"weights": torch.ones(10_000)})
    assert load_checkpoint(tmp_path) is not None
    content = bytearray((tmp_path / NAME).read_bytes())
    content[len(content) // 2] ^= 1  # it can be read, and would go on with other numbers
    (tmp_path / NAME).write_bytes(content)
    assert load_checkpoint(tmp_path) is None


def test_what_a_training_found_fastest_is_kept_with_its_state_and_goes_with_it(tmp_path: Path) -> None:
    assert load_decisions(tmp_path) is None
    save_decisions(tmp_path, {"precision": "bfloat16"})
    assert load_decisions(tmp_path) == {"precision": "bfloat16"}
    (tmp_path / DECIDED).write_bytes(b"{half of it")
    assert load_decisions(tmp_path) is None
    save_checkpoint(tmp_path, {"epoch": 1})
    delete_checkpoint(tmp_path)
    assert list(tmp_path.iterdir()) == []
