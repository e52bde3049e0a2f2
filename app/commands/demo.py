"""`graft demo`: from an installed environment to a confusion matrix on the screen."""

import dataclasses
import os
import sys
import webbrowser
from typing import Annotated

import typer

from app.commands.base import Home, Json, ensure_home, progress_line, show, told
from core.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    tags: Annotated[bool, typer.Option("--tags", help="The variant in which a class always carries a tag.")] = False,
    serve: Annotated[bool, typer.Option(help="Whether to serve the app at the result.")] = True,
    port: Annotated[
        int | None, typer.Option(metavar="N", help="Where to listen (default: GRAFT_PORT, 8501).", min=1, max=65535)
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make an example and open its result. Draws leaves, imports them, labels half, and trains."""
    with told(home) as settings:
        run_demo(dataclasses.replace(settings, port=port or settings.port), tagged=tags, serve=serve, as_json=as_json)


def run_demo(settings: Settings, *, tagged: bool = False, serve: bool = True, as_json: bool = False) -> None:
    """Make or find the demo, then serve the app at its result until Ctrl-C, unless a Graft serves it already."""
    from app.supervisor import Supervisor
    from core.graft import open_graft
    from core.services.address import address

    ensure_home(settings)
    graft = open_graft(settings)
    view = graft.demo.prepare(
        tagged, say=lambda words: typer.echo(f"{words} ...", err=True), tell=progress_line(as_json)
    )
    url = f"{address(settings)}/results?project={view.project_id}&run={view.run_id}"
    value = {"project": view.project_id, "run": view.run_id, "images": view.images, "labelled": view.labelled}
    words = f"{view.images} synthetic pictures, {view.labelled} labelled, run {view.run_id} trained: {url}"
    show({**value, "url": url}, words, as_json)
    if graft.serving.served:
        open_browser(url)
    elif serve:

        def ready(_: str) -> None:
            typer.echo(f"Graft is ready: {url}   (Ctrl-C ends it)", err=True)
            open_browser(url)

        Supervisor(settings, lambda words: typer.echo(words, err=True)).run(ready)


def open_browser(url: str) -> None:
    """Open the address where a person sits before a screen; a browser in the terminal would take it over."""
    if sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(url)
