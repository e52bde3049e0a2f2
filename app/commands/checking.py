"""`graft check`: what may be wrong with a project's pictures and labels."""

from typing import TYPE_CHECKING

import typer

from app.commands.base import Home, Json, ProjectName, finished, opened, show

if TYPE_CHECKING:
    from core.services.findings import CheckView


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(name: ProjectName, home: Home = None, as_json: Json = False) -> None:
    """Look for what is wrong with the data.

    Finds duplicates, leaks, short cuts, bad pictures, and labels that look wrong.
    """
    with opened(home) as graft:
        project = graft.projects.named(name).id
        started = graft.checks.start(project)
        ended = finished(graft, started, as_json)
        view, agreement = graft.checks.read(ended.id), graft.agreement.to_json(project)
    show(
        {"run": ended.id, "state": ended.state.value, **(ended.result or {}), "agreement": agreement},
        _words(view),
        as_json,
    )


def _words(view: "CheckView") -> str:
    lines = list(view.sentences) or [view.all_clear]
    for pair in view.pairs[:20]:
        lines.append(
            f"  the same: {pair.names[0]} ({pair.labels[0] or '-'}) and {pair.names[1]} ({pair.labels[1] or '-'})"
        )
    return "\n".join([*lines, *view.notes])
