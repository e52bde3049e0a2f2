"""`graft up` and `graft doctor`."""

import dataclasses
from typing import Annotated

import typer

from app.commands.base import Home, Json, ensure_home, show, table, told


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(doctor)


def up(
    port: Annotated[
        int | None, typer.Option(metavar="N", help="Where to listen (default: GRAFT_PORT, 8501).", min=1, max=65535)
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Which address to listen on; 0.0.0.0 serves the network.")
    ] = "",
    home: Home = None,
) -> None:
    """Serve the app and run its jobs until Ctrl-C."""
    with told(home) as settings:
        from app.supervisor import Supervisor

        ensure_home(settings)
        settings = dataclasses.replace(settings, port=port or settings.port, host=host or settings.host)
        Supervisor(settings, typer.echo).run(lambda url: typer.echo(f"Graft is ready: {url}   (Ctrl-C ends it)"))
        typer.echo("Graft has ended.")


def doctor(home: Home = None, as_json: Json = False) -> None:
    """Check everything Graft needs, each with the way out."""
    with told(home) as settings:
        from core.services.doctor import examine

        checks = examine(settings)
    ok = all(item.state != "bad" for item in checks)
    value = {"ok": ok, "checks": [{"ok": item.state != "bad", **dataclasses.asdict(item)} for item in checks]}
    marks = {"good": "ok", "note": "--", "bad": "!!"}
    rows: list[list[object]] = []
    for item in checks:
        rows.append([marks[item.state], item.name, item.message])
        if item.hint:
            rows.append(["", "", item.hint])
    words = "Graft can work here." if ok else "Something stops Graft: see the lines with !!."
    show(value, f"{table(['', 'check', 'found'], rows)}\n\n{words}", as_json)
    if not ok:
        raise typer.Exit(1)
