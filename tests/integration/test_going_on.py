"""Whether a run that failed can go on: offered where that can help, and else what to do instead."""

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from core.errors import (
    BadInput,
    DiskFull,
    Diverged,
    NoDevice,
    NotEnoughImages,
    OutOfMemory,
    PictureLost,
    WeightsUnavailable,
)
from core.graft import Graft
from core.jobs import JobContext, execute
from core.types import JsonObject, Lane, ProjectId, RunId, RunState
from tests.at_once import claim
from tests.integration.test_training import TINY

LASTING = [BadInput("No attention."), NotEnoughImages("Too few."), Diverged("The loss stopped being a number.")]
PASSING = [
    OutOfMemory("Too large."), DiskFull(), WeightsUnavailable("No network."), PictureLost("0" * 64, gone=True),
    NoDevice("There is no GPU."), RuntimeError("who knows"), KeyError("what"),
]  # fmt: skip
INSTEAD = "Going on would end in the same way: change what is said here, and start a new one."


def failed(graft: Graft, project: ProjectId, problem: Exception) -> RunId:
    """A training that failed of this."""

    def body(context: JobContext) -> JsonObject:
        raise problem

    run_id = graft.training.start(project, TINY)
    assert execute(body, claim(graft, Lane.TRAINING), engine=graft.engine, settings=graft.settings) is RunState.FAILED
    return run_id


def ended(run: int, home: str) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    from app.context import graft
    from app.parts.run_status import not_done
    from core.types import RunId

    not_done(graft().training.read(RunId(run)))


@pytest.mark.parametrize("problem", [*LASTING, *PASSING], ids=lambda problem: type(problem).__name__)
def test_going_on_is_offered_only_where_it_can_help(
    graft: Graft, project: ProjectId, problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    run_id = failed(graft, project, problem)
    assert graft.training.read(run_id).lasting is (problem in LASTING)
    page = AppTest.from_function(ended, default_timeout=60, kwargs={"run": run_id, "home": str(graft.settings.home)})
    page.run()
    assert not page.exception and len(page.error) == 1
    assert [item.label for item in page.button] == ([] if problem in LASTING else ["Go on from where it stood"])
    assert (INSTEAD in [item.value for item in page.caption]) is (problem in LASTING)


def test_the_command_goes_on_when_asked_and_says_that_it_may_end_in_the_same_way(
    graft: Graft, project: ProjectId
) -> None:
    run_id = failed(graft, project, LASTING[0])
    told = CliRunner().invoke(build(), ["resume", str(run_id), "--home", str(graft.settings.home)])
    assert told.exit_code == 0 and f"Run {run_id} failed of what it was asked" in told.stderr
    assert graft.training.read(run_id).state is RunState.QUEUED and not graft.training.read(run_id).lasting
