"""The command line: what it prints, what it is worth to a script, how it ends."""

import dataclasses
import errno
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner, Result

from app.cli import build
from app.commands.base import sources, table
from core.errors import BadInput
from core.graft import Graft, open_graft
from core.jobs.process import Sweeper
from core.services.doctor import examine
from core.services.serving import Serving
from core.settings import Settings
from core.store import runs
from core.store.db import writing
from core.types import Lane, RunState
from tests.at_once import finish

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
RUNNER = CliRunner()
TINY = ("--preset", "instant", "--set", "weights=none", "--set", "image_size=64")
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for index in range(30):
        pixels = random.integers(0, 80, (48, 48, 3), dtype=np.uint8)
        pixels[..., index % 2] += 120
        path = folder / ("green" if index % 2 else "red") / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "home"


def calls_on(home: Path) -> Call:
    """Calls the command on a home, in this process."""

    def call(*arguments: str | Path | int, status: int = 0) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Serving, "finish", finish)
            patch.setenv("GRAFT_DEVICE", "cpu")
            result = RUNNER.invoke(build(), ["--home", str(home), *(str(item) for item in arguments)])
        assert result.exit_code == status, result.output + repr(result.exception)
        return result

    return call


@pytest.fixture(scope="module")
def graft_command(home: Path) -> Call:
    """Calls the command on one home shared by the module's tests."""
    return calls_on(home)


def answer(result: Result) -> dict[str, Any]:
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


@pytest.fixture(scope="module")
def run(graft_command: Call, pictures: Path) -> int:
    """A project of 30 pictures with one finished training; its number."""
    graft_command("project", "create", "Colours", "--task", "single", "--classes", "red,green")
    (pictures / "broken.jpg").write_bytes(b"no picture")
    first = answer(graft_command("import", "Colours", pictures, "--json"))
    assert first["added"] == 30 and first["duplicates"] == 0
    assert first["rejected"] == [{"name": "broken.jpg", "reason": first["rejected"][0]["reason"]}]
    trained = answer(graft_command("train", "Colours", *TINY, "--wait", "--json"))
    assert trained["state"] == "done"
    return int(trained["run"])


def test_a_created_project_is_listed(graft_command: Call, run: int) -> None:
    made = answer(graft_command("project", "create", "Fruit", "--task", "multi", "--classes", "a, b", "--json"))
    assert made["classes"] == ["a", "b"]
    listed = answer(graft_command("project", "list", "--json"))["projects"]
    by_name = {item["name"]: item for item in listed}
    assert by_name["Colours"]["images"] == by_name["Colours"]["labelled"] == 30
    assert by_name["Fruit"]["task"] == "multi"
    lines = graft_command("project", "list").stdout.splitlines()
    assert "Colours" in "\n".join(lines)
    assert lines[0].endswith("name")  # the last column: however long a name is, no other is far away


def test_importing_again_counts_duplicates_and_several_paths_go_in_at_once(
    graft_command: Call, run: int, pictures: Path
) -> None:
    paths = (pictures / "red" / "0.png", pictures / "green")
    again = answer(graft_command("import", "Colours", *paths, "--json"))
    assert (again["added"], again["duplicates"], again["rejected"]) == (0, 16, [])


def test_the_runs_are_listed_with_their_recipe(graft_command: Call, run: int) -> None:
    listed = answer(graft_command("runs", "Colours", "--json"))["runs"]
    mine = next(item for item in listed if item["run"] == run)
    assert mine["state"] == "done" and mine["epoch"] >= 1 and mine["parent"] is None
    assert (mine["recipe"]["preset"], mine["recipe"]["image_size"]) == ("instant", 64)
    assert str(run) in graft_command("runs", "Colours").stdout


def test_a_training_that_nobody_waits_for_is_queued_cancelled_and_resumed(graft_command: Call, run: int) -> None:
    queued = answer(graft_command("train", "Colours", *TINY, "--json"))
    assert queued["state"] == "queued"
    assert answer(graft_command("cancel", queued["run"], "--json"))["state"] == "cancelled"
    assert answer(graft_command("resume", queued["run"], "--wait", "--json"))["state"] == "done"
    told = graft_command("resume", queued["run"], status=1)
    assert told.stderr.count("\n") == 1 and "is done" in told.stderr


def test_a_run_whose_worker_died_goes_on_when_it_is_resumed(graft_command: Call, run: int, home: Path) -> None:
    """As after a full disk: nothing could write down that it had stopped."""
    queued = answer(graft_command("train", "Colours", *TINY, "--json"))["run"]
    silent = datetime.now(UTC) - timedelta(minutes=5)
    engine = open_graft(Settings(home=home)).engine
    with writing(engine) as session:
        assert runs.claim_next(session, Lane.TRAINING, worker="another machine:1", now=silent) is not None
    assert answer(graft_command("resume", queued, "--json"))["state"] == "running"
    Sweeper(engine).sweep()  # what a worker does first
    assert answer(graft_command("resume", queued, "--wait", "--json"))["state"] == "done"


def test_what_a_person_sets_is_not_told_as_chosen_and_what_changes_nothing_is_told(
    graft_command: Call, run: int
) -> None:
    own = ("--backbone", "graft:light_cnn", "--set", "weights=none", "--set", "epochs=2")
    queued = answer(
        graft_command("train", "Colours", *own, "--set", "label_smoothing=0.1", "--set", "loss=focal", "--json")
    )
    graft_command("cancel", queued["run"])
    told = " ".join(queued["reasons"])
    assert "whole network learns" in told and "small one" not in told and "at most" not in told
    assert "label_smoothing changes nothing here: the loss 'focal' has no place for it." in queued["warning"]


def test_a_preset_that_is_none_is_answered_with_all_there_are(graft_command: Call, run: int) -> None:
    assert (
        "automatic, instant, balanced, thorough"
        in graft_command("train", "Colours", "--preset", "nope", status=2).stderr
    )


def test_new_pictures_are_predicted_into_a_table(graft_command: Call, run: int, pictures: Path, tmp_path: Path) -> None:
    said = answer(graft_command("predict", run, pictures / "red" / "0.png", pictures / "broken.jpg", "--json"))
    assert said["classes"] == ["red", "green"]
    (only,) = said["predictions"]
    assert only["prediction"] in ("red", "green")
    assert sum(only["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert [item["name"] for item in said["rejected"]] == ["broken.jpg"]
    graft_command("predict", run, pictures, "--csv", tmp_path / "said.csv")
    lines = (tmp_path / "said.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 32 and lines[0].startswith("file,prediction,confidence")
    much = graft_command("predict", run, pictures / "red" / "0.png", "--promise", 99).stdout
    assert "Not enough pictures to promise 99%: it takes at least 99 pictures to set limits by" in much
    told = graft_command("predict", run, pictures / "red" / "0.png", "--each-group", status=1)
    assert "name no group" in told.stderr and "Leave --each-group out" in told.stderr


def test_an_explanation_is_a_picture_of_the_pictures_own_size(
    graft_command: Call, run: int, pictures: Path, tmp_path: Path
) -> None:
    file = tmp_path / "why.png"
    said = answer(graft_command("explain", run, pictures / "red" / "2.png", "--class", "green", "-o", file, "--json"))
    assert said["class"] == "green" and 0 <= said["probability"] <= 1
    with Image.open(file) as image:
        assert image.size == (48, 48)
    told = graft_command("explain", run, pictures / "red" / "2.png", "--class", "blue", "-o", file, status=1)
    assert "no class 'blue'" in told.stderr and "red, green" in told.stderr


def test_results_are_told_in_words_and_as_json_and_as_a_report(graft_command: Call, run: int, tmp_path: Path) -> None:
    value = answer(graft_command("results", run, "--json"))
    assert value["run"] == run and value["state"] == "done" and value["classes"] == ["red", "green"]
    assert value["splits"] == {"train": 18, "validation": 6, "test": 6}
    assert set(value["metrics"]["test"]) >= {"accuracy", "balanced_accuracy", "macro_f1", "ece"}
    matrix = value["confusion"]["matrix"]
    assert sum(sum(row) for row in matrix) == 6 and sum(matrix[0]) == 3
    words = graft_command("results", run).stdout
    assert "Balanced accuracy" in words and "Cases or groups" not in words and "truth \\ said" in words
    file = tmp_path / "report.html"
    graft_command("export", "report", run, "-o", file)
    text = file.read_text("utf-8")
    assert "Balanced accuracy" in text and "Confusion matrix" in text
    asked = re.findall(r"""(?:src|href|action|data)=["']?(\S{0,40})|url\(([^)]{0,40})|@import""", text)
    assert [one for one in asked if not any(part.startswith(("#", "data:")) for part in one)] == []


def test_a_dataset_is_written_where_it_was_asked_for(graft_command: Call, run: int, tmp_path: Path) -> None:
    made = answer(graft_command("export", "dataset", "Colours", "-o", tmp_path / "all.zip", "--json"))
    assert made["pictures"] == 30 and made["file"] == str(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert len(archive.namelist()) == 32  # with labels.csv and classes.json


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "Colours", "--preset", "nope"),
        ("train", "Colours", "--set", "epochs"),
        ("train", "Colours", "--set", "nonsense=1"),
        ("train", "Colours", "--set", "epochs=many"),
        ("train", "Colours", "--set", "epochs=2", "--set", "epochs=9"),
        ("train", "Colours", "--preset", "instant", "--set", "preset=thorough"),
        ("train", "Colours", "--preset", "thorough", "--recipe", "Leaves"),
        ("search", "Colours", "--preset", "thorough", "--recipe", "Leaves"),
        ("find-rate", "Colours", "--preset", "thorough", "--recipe", "Leaves"),
        ("project", "create", "X", "--task", "guess"),
        ("project", "create", "X"),
        ("results", "first"),
        ("results", "9" * 30),
        ("fly",),
        ("import", "Colours"),
        ("train", "Colours", "--repeats", "3"),
        ("train", "Colours", "--shuffle"),
        ("report", "2", "--miss", "20"),
        ("report", "2", "--common", "100"),
        ("demo", "--no-serve", "--port", "99999"),
    ],
)
def test_wrong_use_ends_with_status_2_and_says_so(graft_command: Call, arguments: tuple[str, ...]) -> None:
    assert graft_command(*arguments, status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("runs", "Unknown"), "no project called 'Unknown'"),
        (("import", "Colours", "/nowhere/at/all"), "no folder or file '/nowhere/at/all'"),
        (("results", "9999"), "no run 9999. Page Results and `graft runs NAME` list the trainings."),
        (("results", "1"), "Run 1 is no training"),
        (("explain", "1", "1"), "Run 1 has no model. Choose a training that is done"),
        (("cancel", "9999"), "no run 9999"),
        (("predict", "9999", "/tmp"), "no run 9999"),
        (("project", "create", "Colours", "--task", "single"), "already a project called 'Colours'"),
        (("export", "model", "1"), "is no training"),
        (("heatmaps", "2", "-o", __file__), f"{__file__} cannot be a folder"),
        (("explain", "2", "9999"), "no picture 9999"),
        (("explain", "2", "9" * 30), "nor a picture of that name"),
        (("runs", "Colours\x1b[2J"), "no project called"),
        (("weights", "install", "/nowhere/leaves.pth"), "There is no file /nowhere/leaves.pth. Check the path."),
        (("train", "Colours", "--set", "weights=none", "--folds", "99"), "There can be 2 to 20 folds"),
        (
            ("import", "Colours", str(Path(__file__).parent), "--labels", "/nowhere.csv"),
            "no folder or file '/nowhere.csv'",
        ),
    ],
)
def test_a_failure_ends_with_status_1_and_one_line(
    graft_command: Call, run: int, arguments: tuple[str, ...], words: str
) -> None:
    told = graft_command(*arguments, status=1)
    assert words in told.stderr and told.stderr.count("\n") == 1
    assert told.stdout == ""


def test_of_a_training_that_failed_only_why_is_said(graft_command: Call, run: int, tmp_path: Path) -> None:
    (tmp_path / "no.pth").write_bytes(b"no weights")
    weights = ("--preset", "instant", "--set", f"weights={tmp_path / 'no.pth'}")
    told = graft_command("train", "Colours", *weights, "--wait", status=1)
    assert "failed: " in told.stderr and told.stderr.count("\n") == 1 and told.stdout == ""


def test_where_there_is_no_picture_to_predict_it_is_said(graft_command: Call, run: int, tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("file,group\na.png,north\n")
    told = graft_command("predict", run, tmp_path, status=1)
    assert told.stderr == f"There is no picture in {tmp_path}. Give a folder, a zip, or pictures.\n"


def test_what_was_not_expected_is_one_line_too_and_its_trace_is_in_the_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: Settings) -> Graft:
        raise RuntimeError("the moon\nis full")

    monkeypatch.setattr("core.graft.open_graft", broken)
    told = RUNNER.invoke(build(), ["runs", "Colours", "--home", str(home)])
    assert told.exit_code == 1 and told.stderr.count("\n") == 1 and "the moon is full" in told.stderr
    assert "RuntimeError" in (home / "logs" / "cli.log").read_text("utf-8")


@pytest.mark.parametrize("command", [("project", "list"), ("up",), ("demo", "--no-serve")])
def test_a_home_that_cannot_be_written_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("in the way")
    told = RUNNER.invoke(build(), ["--home", str(tmp_path / "file"), *command])
    assert told.exit_code == 1 and "file cannot be written" in told.stderr and told.stderr.count("\n") == 1


def test_a_home_on_a_disk_that_can_only_be_read_says_so_and_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(f_flag=os.ST_RDONLY, f_bavail=1, f_bfree=1, f_blocks=1, f_frsize=1)
    monkeypatch.setattr("core.services.outside.os.statvfs", lambda _: disk)
    monkeypatch.setattr("app.commands.base.os.access", lambda _, mode: mode != os.W_OK | os.X_OK)
    told = RUNNER.invoke(build(), ["--home", str(tmp_path), "project", "list"])
    assert told.stderr == (
        f"The home {tmp_path} cannot be written: it lies on a disk that can only be read. "
        "Make it writable, or copy the home to another disk and name it there: --home DIR or GRAFT_HOME.\n"
    )
    monkeypatch.setattr("core.services.doctor._TORCH", "print('torch 2'); print('none')")  # to load it takes seconds
    monkeypatch.setattr("core.services.doctor.tempfile.TemporaryFile", refused)
    found = next(item for item in examine(Settings(home=tmp_path)) if item.name == "Home")
    assert told.stderr == f"{found.message} {found.hint}\n"


def refused(**_: object) -> None:
    raise PermissionError(errno.EROFS, "Read-only file system")


def test_of_a_database_that_is_only_out_of_reach_the_doctor_does_not_say_to_put_another_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "graft.db").touch()

    def unreachable(_: object) -> None:
        raise OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr("core.services.doctor._TORCH", "print('torch 2'); print('none')")  # to load it takes seconds
    monkeypatch.setattr("core.services.doctor.read_health", unreachable)
    found = {item.name: item for item in examine(Settings(home=tmp_path))}
    assert "may be whole" in found["Database"].hint and "copy" not in found["Database"].hint


def test_home_and_json_may_stand_before_and_behind_the_command(home: Path, run: int) -> None:
    before = RUNNER.invoke(build(), ["--home", str(home), "--json", "project", "list"])
    behind = RUNNER.invoke(build(), ["project", "list", "--home", str(home), "--json"])
    assert answer(before) == answer(behind)


def test_the_doctor_says_what_it_found_and_the_way_out(home: Path, run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_PORT", "8639")
    result = RUNNER.invoke(build(), ["doctor", "--home", str(home), "--json"])
    found = {item["name"]: item for item in answer(result)["checks"]}
    assert result.exit_code == 0
    assert set(found) >= {"Python", "Torch", "Device", "Home", "Disk", "Database", "Weights", "Address", "Workers"}
    assert "newest schema, wal journal" in found["Database"]["message"]
    assert found["Workers"]["state"] == "note" and "graft up" in found["Workers"]["hint"]


def test_the_doctor_ends_with_status_1_when_something_stops_graft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "graft.db").write_bytes(b"this is no database" * 100)
    monkeypatch.setenv("GRAFT_DEVICE", "cuda:9")
    monkeypatch.setattr("core.services.doctor._TORCH", "print('torch 2'); print('none')")  # to load it takes seconds
    result = RUNNER.invoke(build(), ["doctor", "--home", str(tmp_path), "--json"])
    found = {item["name"]: item for item in answer(result)["checks"]}
    assert result.exit_code == 1 and not answer(result)["ok"]
    assert found["Database"]["state"] == found["Device"]["state"] == "bad"
    assert found["Database"]["hint"] and found["Device"]["hint"]


@pytest.mark.parametrize(
    ("wanted", "torch_says", "state", "words"),
    [
        ("mps", "mps Apple GPU", "good", "mps Apple GPU"),
        ("auto", "mps Apple GPU", "good", "mps Apple GPU"),
        ("mps", "none", "bad", "GRAFT_DEVICE is mps, an Apple GPU, which is not here."),
        ("tpu", "none", "bad", "GRAFT_DEVICE is 'tpu'."),
    ],
)
def test_the_doctor_knows_every_device_that_a_training_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, wanted: str, torch_says: str, state: str, words: str
) -> None:
    monkeypatch.setattr("core.services.doctor._TORCH", f"print('torch 2'); print({torch_says!r})")
    found = {item.name: item for item in examine(dataclasses.replace(settings, device=wanted))}
    assert (found["Device"].state, found["Device"].message) == (state, words)


@pytest.mark.parametrize(
    ("usable", "words"), [({5}, "CPU with 1 core (64 in the machine), "), (set(range(64)), "CPU with 64 cores, ")]
)
def test_the_doctor_counts_the_cores_that_graft_may_use(
    settings: Settings, usable: set[int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: usable, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("core.services.doctor._TORCH", "print('torch 2'); print('none')")  # to load it takes seconds
    assert any(item.message.startswith(words) for item in examine(settings) if item.name == "Device")


def test_the_command_starts_fast_and_loads_neither_torch_nor_the_database() -> None:
    code = (
        "import sys, time; began = time.process_time(); import app.cli; app.cli.build()\n"
        "heavy = {'torch', 'sqlalchemy', 'streamlit', 'pandas', 'numpy', 'sklearn', 'PIL'} & set(sys.modules)\n"
        "print(time.process_time() - began, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, _, heavy = done.stdout.strip().partition(" ")
    assert float(seconds) < 1 and heavy == "set()"


def test_following_a_job_loads_no_torch(home: Path, run: int) -> None:
    code = (
        "import sys; from app.cli import build; from typer.testing import CliRunner\n"
        f"home = {str(home)!r}\n"
        f"for line in (['project', 'list'], ['runs', 'Colours'], ['results', '{run}']):\n"
        "    result = CliRunner().invoke(build(), ['--home', home, *line])\n"
        "    assert result.exit_code == 0, result.output\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def real(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "GRAFT_HOME": str(home), "GRAFT_DEVICE": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    """What a command that succeeds prints."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err == ""
    return out


def test_a_job_runs_to_its_end_with_nothing_else_running(tmp_path: Path, pictures: Path) -> None:
    home = tmp_path / "home"
    calls_on(home)("project", "create", "Alone", "--task", "single")
    out = ended(real(home, "import", "Alone", str(pictures / "red"), "--json"))
    assert json.loads(out)["added"] == 15


def test_ctrl_c_cancels_the_run_and_ends_with_status_1(tmp_path: Path, pictures: Path) -> None:
    home = tmp_path / "home"
    graft = open_graft(Settings(home=home, device="cpu"))
    calls_on(home)("project", "create", "Long", "--task", "single")
    calls_on(home)("import", "Long", pictures)
    long = ("--preset", "balanced", "--set", "weights=none", "--set", "image_size=32", "--set", "epochs=5000")
    process = real(home, "train", "Long", *long, "--set", "patience=0", "--wait", "--json")
    project = graft.projects.named("Long").id
    deadline = time.monotonic() + 120
    while not any(item.progress.get("epoch") for item in graft.training.list(project)):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - asked < 15
    assert process.returncode == 1 and json.loads(out)["state"] == "cancelled"
    assert err == f"Run {json.loads(out)['run']} was stopped.\n"
    assert graft.training.list(project)[0].state is RunState.CANCELLED


def test_a_network_is_pretrained_and_its_weights_taken_along(graft_command: Call, run: int, tmp_path: Path) -> None:
    small = ("--backbone", "timm:test_resnet", "--image-size", 32, "--minutes", 0.05, "--batch-size", 8)
    drawn = answer(graft_command("pretrain", "--formula", "--fractals", 4, *small, "--wait", "--json"))
    assert drawn["state"] == "done" and drawn["result"]["card"]["method"] == "supervised"
    own = answer(graft_command("pretrain", "Colours", *small, "--weights", f"run:{drawn['run']}", "--wait", "--json"))
    assert own["result"]["card"]["start"] == f"run:{drawn['run']}"
    listed = answer(graft_command("weights", "list", "--json"))["weights"]
    assert {f"run:{drawn['run']}", f"run:{own['run']}"} <= {item["weights"] for item in listed}
    taken = tmp_path / "mine.safetensors"
    graft_command("weights", "export", f"run:{own['run']}", "-o", taken)
    installed = answer(graft_command("weights", "install", taken, "--json"))
    assert Path(installed["file"]).read_bytes() == taken.read_bytes()
    begun = ("--preset", "instant", "--backbone", "timm:test_resnet", "--set", f"weights={taken}")
    trained = answer(graft_command("train", "Colours", *begun, "--set", "image_size=64", "--wait", "--json"))
    assert trained["state"] == "done"
    newest = answer(graft_command("runs", "Colours", "--json"))["runs"][0]
    assert newest["recipe"]["weights"] == f"file:{taken}"
    for wrong in (("pretrain",), ("pretrain", "Colours", "--formula")):
        graft_command(*wrong, status=2)
    graft_command("pretrain", "Colours", "--method", "supervised", status=1)


def test_a_name_cannot_break_or_steer_the_terminal_s_lines() -> None:
    assert table(["file"], [["a\nb\x1b[2J.jpg"]]).splitlines() == ["file", "a?b?[2J.jpg"]


def test_a_path_with_a_line_break_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadInput, match=r"line break in it\. Name the folder"):
        sources(["/tmp/a\nb.jpg"])


def test_an_argument_in_other_letters_is_refused_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "project", "create", b"caf\xe9", "--task", "single", "--home", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "caf? has letters that are not in UTF-8. Type it anew.\n")
