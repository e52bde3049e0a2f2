"""What every command shares: the options --home and --json, the opened home, errors in one line, a progress line."""

import contextlib
import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput, DiskFull, GraftError, NotFound, is_full
from core.services.outside import unwritable, whole_file
from core.settings import Settings, expanded
from core.words import one_line

if TYPE_CHECKING:  # opening a home imports the database; `graft --help` does not wait for it
    from core.graft import Graft
    from core.services.serving import RunRecord
    from core.types import ImageId, RunId

Home = Annotated[
    Path | None, typer.Option("--home", metavar="DIR", help="Where Graft keeps everything (default: GRAFT_HOME, data).")
]
ProjectName = Annotated[str, typer.Argument(metavar="NAME", help="The project.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]


@dataclass(slots=True)
class _Root:
    """What was given before the command's name: `graft --home DIR runs NAME`."""

    home: Path | None = None
    as_json: bool = False


_root = _Root()


def remember(home: Path | None, as_json: bool) -> None:
    """Keep what was given before the command's name."""
    _root.home, _root.as_json = home, as_json


def settings_for(home: Path | None) -> Settings:
    """The environment's settings with the home that was given."""
    return Settings.from_env(home=home or _root.home)


def wants_json(as_json: bool) -> bool:
    """Whether --json was given, before or after the command's name."""
    return as_json or _root.as_json


@contextlib.contextmanager
def told(home: Path | None) -> Iterator[Settings]:
    """Errors end the command with status 1 and one line; what was not expected leaves its trace in the log."""
    try:
        settings = settings_for(home)
    except GraftError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    try:
        yield settings
    except GraftError as error:
        typer.echo(one_line(" ".join(str(error).split())), err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(1) from error
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except UnicodeEncodeError as error:  # a terminal with other letters than Graft's
        typer.echo(f"{one_line(str(error.object))[:200]} has letters that are not in UTF-8. Type it anew.", err=True)
        raise typer.Exit(1) from error
    except Exception as error:  # the border to the person: the log keeps the details
        words = f"Something unexpected went wrong: {type(error).__name__}: {error}. {_log(settings)}"
        if is_full(error):
            words = str(DiskFull())
        typer.echo(one_line(" ".join(words.split())), err=True)
        raise typer.Exit(1) from error


def _log(settings: Settings) -> str:
    path = settings.logs / "cli.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {' '.join(sys.argv)}\n{traceback.format_exc()}\n")
    except OSError:
        return ""
    return f"Details: {path}"


@contextlib.contextmanager
def opened(home: Path | None) -> Iterator["Graft"]:
    """The home, opened; errors as in `told`."""
    with told(home) as settings:
        from core.graft import open_graft

        ensure_home(settings)
        yield open_graft(settings)


def ensure_home(settings: Settings) -> None:
    """Make the home where there is none. Raises GraftError where nothing can be kept there."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        if not os.access(settings.home, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unwritable(settings.home, error) from error


def show(value: Mapping[str, object], words: str, as_json: bool) -> None:
    """The answer on standard output: JSON if asked for, else words."""
    typer.echo(json.dumps(value, ensure_ascii=False) if wants_json(as_json) else words)


def say(*sentences: str) -> None:
    """What is worth knowing beside the answer, on standard error, a line each; said once nothing can be refused."""
    for words in filter(None, sentences):
        typer.echo(words, err=True)


def progress_line(as_json: bool) -> "Callable[[RunRecord], None]":
    """Shows a run's progress in one line that replaces itself; silent with --json and where no person looks."""
    if wants_json(as_json) or not sys.stderr.isatty():
        return lambda run: None

    def tell(run: "RunRecord") -> None:
        fraction, eta = run.progress.get("fraction"), run.progress.get("eta_s")
        words = str(run.progress.get("message") or "Waiting for its turn")
        share = f" {fraction:.0%}" if isinstance(fraction, int | float) else ""
        left = f", {eta:.0f} s left" if isinstance(eta, int | float) else ""
        sys.stderr.write("\r\033[K" + ("" if run.state.ended else f"Run {run.id}: {words}{share}{left}"[:110]))
        sys.stderr.flush()

    return tell


def sources(paths: Sequence[str]) -> str:
    """Paths as a job's source. Absolute: the worker that reads them may have been started in another folder.

    Raises BadInput for one that a source cannot name.
    """
    for item in paths:
        if "\n" in item:
            raise BadInput(f"The path {item!r} has a line break in it.", hint="Name the folder that it lies in.")
    return "\n".join(str(expanded(item).absolute()) for item in paths)


def table_for(name: str) -> str:
    """A table as a payload names it: whole if it lies here, else the name of one among the pictures."""
    return str(Path(name).absolute()) if name and Path(name).is_file() else name


def picture_of(graft: "Graft", model: "RunId", image: str) -> "ImageId":
    """A picture of a model's project, by its name or number. Raises NotFound, BadInput for a name of several."""
    project = graft.queue.read(model).project_id
    if project is None:
        raise NotFound(f"Run {model} has no model.", hint="`graft runs NAME` lists the trainings.")
    return graft.gallery.named(project, image)


def write_file(path: Path, content: bytes) -> None:
    """Write what was asked for, whole or not at all. Raises GraftError where it cannot be."""
    whole_file(path, lambda beside: beside.write_bytes(content))


def ensure_done(run: "RunRecord") -> None:
    """End the command with status 1 and one line unless the run is done."""
    if run.state.value != "done":
        what = "was stopped" if run.state.value == "cancelled" else f"failed: {run.error} {run.hint}".strip()
        typer.echo(f"Run {run.id} {what}" + ("." if not what.endswith((".", "!")) else ""), err=True)
        raise typer.Exit(1)


def show_ended(run: "RunRecord", value: Mapping[str, object], words: str, as_json: bool) -> None:
    """The answer of a job that was waited for; of one that is not done, in words, only why."""
    if run.state.value == "done" or wants_json(as_json):
        show(value, words, as_json)
    ensure_done(run)


def finished(graft: "Graft", run_id: "RunId", as_json: bool) -> "RunRecord":
    """The run once it is done, its progress shown until then. Ends the command with status 1 unless it is done."""
    ended = graft.serving.finish(run_id, progress_line(as_json))
    ensure_done(ended)
    return ended


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns in words."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def range_words(ends: object) -> str:
    """Both ends of an interval, as JSON has them; "" where there is none."""
    return f"{ends[0]:.3f} to {ends[1]:.3f}" if isinstance(ends, list) else ""


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else one_line(str(value))
