"""The layers, held to by a test over the syntax tree."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"errors", "types", "settings", "words"},
    {"labels", "splits", "recipes", "catalogue", "evaluation", "checks", "charts"},
    {"media", "exchange", "demo"},
    {"models", "training", "inference", "features", "explanation", "formula", "pretraining"},
    {"store", "jobs"},
    {"services", "tasks"},
    {"graft", "worker"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FILES = sorted((ROOT / "core").rglob("*.py"))


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_the_layers(path: Path) -> None:
    parts = path.relative_to(ROOT / "core").with_suffix("").parts
    if parts[0] == "__init__":
        return
    modules = imported(path)
    assert not {name for name in modules if name.split(".")[0] in ("app", "streamlit", "starlette")}
    for name in modules:
        pieces = name.split(".")
        if pieces[0] != "core" or len(pieces) < 2:
            continue
        assert LEVEL[pieces[1]] <= LEVEL[parts[0]], f"{path.name} imports {name}"
        assert {parts[0], pieces[1]} != {"services", "tasks"}, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "views").glob("*.py")), ids=lambda path: path.name)
def test_pages_are_thin(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 130
    assert not {name for name in imported(path) if name.split(".")[0] in ("torch", "sqlalchemy")}


@pytest.mark.parametrize("path", sorted((ROOT / "app").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_runs_without_its_page_tells_its_errors_in_words_too(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
        if any(mark.startswith(("st.dialog", "st.fragment")) for mark in marks):
            assert marks[-1] == "guarded"


SHOWN = {"graft", "services", "charts", "errors", "types", "settings", "words", "recipes", "catalogue"}


@pytest.mark.parametrize("path", sorted((ROOT / "app").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_app_reaches_the_core_through_its_services(path: Path) -> None:
    pieces = [name.split(".") for name in imported(path)]
    assert {piece[1] for piece in pieces if piece[0] == "core" and len(piece) > 1} <= SHOWN


def test_the_web_process_imports_no_torch() -> None:
    code = (
        "import sys, app.server, app.links, importlib\n"
        "app.server.routes()\n"
        "[importlib.import_module(f'app.views.{key}') for key in app.links.PAGES]\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
