"""Every figure can be recomputed from what is stored, and tampering with any of it is noticed."""

import dataclasses
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import build
from core.errors import BadInput
from core.graft import Graft, open_graft
from core.jobs.payloads import TrainPayload
from core.services.verifying import NAMES
from core.store import runs
from core.store.db import writing
from core.store.snapshot import FILE, count_numbers, differing, sealed
from core.types import Lane, ProjectId, RunId
from tests.finished import NOW, end
from tests.integration.test_training import trained


def change(graft: Graft, statement: str) -> None:
    """Somebody with a database tool."""
    with sqlite3.connect(graft.settings.home / "graft.db") as database:
        assert database.execute(statement).rowcount > 0


def file(graft: Graft, run: RunId) -> Path:
    return graft.settings.models / str(run) / FILE


def rewrite(graft: Graft, run: RunId) -> None:
    """A figure made prettier in the snapshot."""
    kept = json.loads(file(graft, run).read_text())
    kept["figures"]["metrics"]["test"]["accuracy"] = 0.123
    file(graft, run).write_text(json.dumps(kept))


def failing(graft: Graft, run: RunId) -> dict[str, str]:
    return {item.name: item.words for item in graft.results.verify(run).findings if not item.ok}


TAMPERINGS: list[tuple[str, Callable[[Graft, RunId], None], set[str]]] = [
    (
        "a prediction",
        lambda graft, run: change(
            graft,
            "UPDATE prediction SET predicted_index = 1 - predicted_index WHERE id = (SELECT min(id) FROM prediction)",
        ),
        {"Predictions", "Figures"},
    ),
    (
        "how sure it was",
        lambda graft, run: change(graft, "UPDATE prediction SET confidence = 0.5 WHERE split = 'test'"),
        {"Predictions"},
    ),
    (
        "a label of the version",
        lambda graft, run: change(
            graft,
            "UPDATE dataset_item SET targets = '[0]' WHERE image_id = "
            "(SELECT image_id FROM dataset_item WHERE targets = '[1]' LIMIT 1)",
        ),
        {"Dataset version", "Labels"},
    ),
    (
        "a split",
        lambda graft, run: change(
            graft,
            "UPDATE dataset_item SET split = 'test' WHERE image_id = "
            "(SELECT image_id FROM dataset_item WHERE split = 'train' LIMIT 1)",
        ),
        {"Dataset version", "Labels"},
    ),
    (
        "the cases",
        lambda graft, run: change(graft, "UPDATE image SET case_name = 'one'"),
        {"Cases and groups", "Figures"},
    ),
    ("the snapshot", rewrite, {"Snapshot", "Figures"}),
    ("the snapshot's file", lambda graft, run: file(graft, run).unlink(), {"Snapshot"}),
]


def test_a_training_agrees_with_what_is_stored(graft: Graft, project: ProjectId) -> None:
    found = graft.results.verify(trained(graft, project))
    assert found.ok and len(found.findings) == 9, found
    told = {item.name: item.words for item in found.findings}
    assert "numbers recomputed: all agree" in told["Figures"]
    assert told["Weak spots"] == "no group of pictures was large enough"
    assert told["Who labelled"] == "1 number recomputed: all agree"
    assert told["Agreement"] == "no picture was labelled by two"


def test_tampering_is_noticed(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    run = trained(graft, project)
    for number, (what, tamper, noticed) in enumerate(TAMPERINGS):
        copied = Path(shutil.copytree(graft.settings.home, tmp_path / f"copy-{number}"))
        tampered = open_graft(dataclasses.replace(graft.settings, home=copied))
        tamper(tampered, run)
        assert noticed <= set(failing(tampered, run)), what


def test_what_jobs_about_the_model_found_is_sealed(graft: Graft, project: ProjectId) -> None:
    run = trained(graft, project)
    for number, kind in enumerate(NAMES):
        with writing(graft.engine) as session:
            job = runs.create_run(
                session, project_id=project, kind=kind, lane=Lane.FILES, payload={}, now=NOW, parent_id=run
            )
        end(graft, job, result=sealed({"pictures": 40 + number, "right": [0.25, None]}))
    found = graft.results.verify(run)
    assert found.ok and set(NAMES.values()) <= {item.name for item in found.findings}
    for kind, name in NAMES.items():
        change(graft, f"UPDATE run SET result = replace(result, '0.25', '0.52') WHERE kind = '{kind.value}'")
        assert name in failing(graft, run)
    assert set(failing(graft, run)) == set(NAMES.values())


def test_more_known_of_the_pictures_is_said_and_is_no_fault(graft: Graft, project: ProjectId) -> None:
    run = trained(graft, project)
    change(graft, "UPDATE image SET width = 2 * width")
    found = {item.name: item for item in graft.results.verify(run).findings}
    assert found["Weak spots"].ok and "told as they are now" in found["Weak spots"].words


def test_the_snapshot_holds_every_figure_that_the_json_gives(graft: Graft, project: ProjectId) -> None:
    """What a report shows comes from this JSON: a part that the snapshot lacks would be checked by nobody."""
    run = trained(graft, project)
    about = {"run", "state", "task", "dataset_version", "dataset_hash", "split_rule", "splits", "classes", "folds",
             "timings_s"}  # fmt: skip
    kept = json.loads(file(graft, run).read_text())
    assert set(graft.results.to_json(run)) - about == {*kept["figures"], "slices", "labelling"}
    assert graft.results.to_json(run)["labelling"] == kept["labelling"]


def test_the_command_says_what_differs_and_ends_with_status_1(graft: Graft, project: ProjectId) -> None:
    run = trained(graft, project)
    arguments = ["results", str(run), "--check", "--home", str(graft.settings.home)]
    agreed = CliRunner().invoke(build(), arguments)
    assert agreed.exit_code == 0 and "Every figure follows from what is stored." in agreed.stdout
    before = graft.results.to_json(run)["metrics"]["test"]["accuracy"]
    rewrite(graft, run)
    told = CliRunner().invoke(build(), [*arguments, "--json"])
    assert told.exit_code == 1
    value = json.loads(told.stdout)
    assert value["ok"] is False
    (figures,) = [item for item in value["findings"] if item["name"] == "Figures"]
    assert figures["words"] == f"metrics test accuracy: 0.123, now {before:.6g}"
    assert told.stderr.count("\n") == 1 and "metrics test accuracy" in told.stderr


def test_a_run_without_kept_figures_says_so(graft: Graft, project: ProjectId) -> None:
    queued = graft.queue.enqueue(TrainPayload(), project_id=project)
    with pytest.raises(BadInput, match="no kept figures"):
        graft.results.verify(queued)


def test_values_are_compared_place_by_place() -> None:
    assert differing({"a": [1.0, {"b": None}]}, {"a": [1.0 + 1e-9, {"b": None}]}) == []
    assert differing({"a": [1, 2], "c": 1}, {"a": [1, 3], "d": True}) == [
        "a 2: 2, now 3",
        "c: 1, now nothing",
        "d: nothing, now true",
    ]
    assert differing([1], [1, 2], "x") == ["x: [1], now [1, 2]"]
    assert differing({"n": 4, "verdict": "kept"}, {"n": 4, "verdict": "open"}) == [], "its numbers are compared"
    for words in ("basis", "words", "problem", "notes"):
        assert differing({"n": 4, words: "as it was said"}, {"n": 4, words: "said better since"}) == [], words
    assert differing({"n": 4, "notes": "one"}, {"n": 5, "notes": "other"}) == ["n: 4, now 5"]
    assert differing(0, False) == [": 0, now false"], "no number is a yes or no"
    assert count_numbers({"a": [1, 2.5, True, None], "b": {"c": 3}}) == 3
