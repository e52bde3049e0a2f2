"""The command `graft`: what the pages do, for the terminal and for scripts. Services do the work.

Exit status: 0 success, 2 wrong use, 1 a failure, with one line that says why.
"""

import importlib

import typer

from app.commands.base import Home, Json, remember
from app.commands.wrong_use import Worded

COMMANDS = (
    "serving", "demo", "projects", "training", "searching", "pretraining", "checking", "comparing", "evaluating",
    "about_model", "using", "explaining", "exporting",
)  # fmt: skip
"""Modules of `app.commands`, in the order of `graft --help`."""


def build() -> typer.Typer:
    """The command with all its commands."""
    app = typer.Typer(
        name="graft", cls=Worded, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )  # fmt: skip

    @app.callback()
    def root(home: Home = None, as_json: Json = False) -> None:
        """Label pictures, fine-tune a vision model and understand it."""
        remember(home, as_json)

    for name in COMMANDS:
        importlib.import_module(f"app.commands.{name}").register(app)
    return app


def main() -> None:
    """Entry of the script `graft`."""
    build()()


if __name__ == "__main__":
    main()
