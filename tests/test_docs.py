"""Lists in the documentation, held to the code."""

import dataclasses
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

from app.cli import build
from app.links import PAGES
from core.catalogue import BACKBONES, EXPLANATIONS, FAMILIES, PRETRAININGS
from core.recipes import PRESETS, Recipe
from core.services.recipes import NAME
from core.settings import Settings
from core.store.tables import Base
from tests.test_architecture import LAYERS

ROOT = Path(__file__).parents[1]
PAGES_OF_DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def listed(name: str, mark: str) -> list[list[str]]:
    """The cells of the rows of a marked table, without its header."""
    part = text(name).partition(f"<!-- {mark} -->")[2].partition(f"<!-- /{mark} -->")[0]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in part.strip().splitlines()]
    return rows[2:]


def commands(app: typer.Typer, before: str = "graft") -> dict[str, set[str]]:
    """Every command by its whole name, with its long options."""
    command = typer.main.get_command(app)
    found: dict[str, set[str]] = {}

    def walk(item: object, name: str) -> None:
        inner = getattr(item, "commands", None)
        if inner:
            for key, value in inner.items():
                walk(value, f"{name} {key}")
            return
        names = [name for option in item.params for name in (*option.opts, *option.secondary_opts)]  # type: ignore[attr-defined]
        found[name] = {option for option in names if option.startswith("--")} - {"--home", "--json", "--help"}

    walk(command, before)
    return found


def test_every_command_and_option_is_documented_and_exists() -> None:
    told = {}
    for name, _, options in listed("docs/command-line.md", "commands"):
        words = [word for word in name.strip("`").split() if word == word.lower()]
        told[" ".join(words)] = set(re.findall(r"`(--[\w-]+)`", options))
    assert told == commands(build())


def examples() -> list[list[str]]:
    """The command lines that the pages show, as words."""
    lines = [line.strip() for page in PAGES_OF_DOCS for line in page.read_text("utf-8").splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("graft ")]


@pytest.mark.parametrize("words", examples(), ids=" ".join)
def test_the_command_lines_that_the_pages_show_can_be_typed(words: list[str]) -> None:
    known = commands(build())
    name = " ".join(words[:3]) if " ".join(words[:3]) in known else " ".join(words[:2])
    assert {word for word in words if word.startswith("--")} - {"--home", "--json"} <= known[name]
    if name == "graft recipe save":
        assert NAME.fullmatch(words[-1])


def test_every_setting_is_documented_with_its_default() -> None:
    told = {row[0].strip("`"): row[1].strip("`") for row in listed("docs/command-line.md", "settings")}
    assert set(told) == set(Settings().environ())
    for name, default in told.items():
        value = Settings().environ()[name]
        assert default == value or not value, name


def test_every_field_of_the_recipe_is_documented_with_its_default() -> None:
    told = [(row[0].strip("`"), row[1].strip("`")) for row in listed("docs/training.md", "recipe")]
    assert told == [(field.name, str(field.default)) for field in dataclasses.fields(Recipe)]


def test_each_preset_is_what_its_line_in_the_docs_promises() -> None:
    told = {
        name.strip("`"): dict(item.split("=") for item in re.findall(r"`(\w+=[^`]+)`", sets))
        for name, _, _, sets in listed("docs/training.md", "presets")
    }
    assert list(told) == list(PRESETS)
    for name, settings in told.items():
        assert Recipe(preset=name).with_settings(settings) == PRESETS[name], name


def test_the_short_list_of_networks_is_documented() -> None:
    wanted = [
        [f"`{item.name}`", item.title, f"{item.image_size} px", f"{item.parameters_m:g} M", item.words]
        for item in BACKBONES.values()
    ]
    assert listed("docs/training.md", "backbones") == wanted


def test_the_families_of_networks_are_documented_from_the_catalogue() -> None:
    wanted = []
    for family in FAMILIES:
        first, last = family.members[0], family.members[-1]
        wanted.append([
            f"[{family.title}]({family.paper})", str(len(family.members)), f"`{first.name}`, {first.parameters_m:g} M",
            f"{first.image_size} px", f"`{last.name}`, {last.parameters_m:g} M",
        ])  # fmt: skip
    assert listed("docs/training.md", "families") == wanted


def test_every_way_to_explain_is_documented() -> None:
    wanted = [[item.title, f"`{name}`", item.words] for name, item in EXPLANATIONS.items()]
    assert listed("docs/explanation.md", "methods") == wanted


def test_every_way_to_pretrain_is_documented() -> None:
    wanted = [[f"`{name}`", f"[{item.title}]({item.paper})", item.words] for name, item in PRETRAININGS.items()]
    assert listed("docs/weights.md", "methods") == wanted


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_the_layers_are_those_that_the_architecture_test_enforces(page: str) -> None:
    told = {int(row[0]): set(re.findall(r"`(\w+)`", row[1])) for row in listed(page, "layers")}
    assert told == dict(enumerate(LAYERS))


def test_every_table_of_the_store_is_in_the_architecture() -> None:
    store = text("docs/architecture.md").partition("## Store")[2].partition("## Jobs")[0]
    told = set(
        re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in store.splitlines() if line.startswith("|")))
    )
    assert told == set(Base.metadata.tables)


def test_every_page_is_told_of_by_its_name() -> None:
    everything = "".join(page.read_text("utf-8") for page in PAGES_OF_DOCS)
    missing = [info.title for info in PAGES.values() if f"**{info.title}**" not in everything]
    assert missing == []


def test_the_words_of_make_exist_and_are_told_of() -> None:
    targets = set(re.findall(r"^\.PHONY: (.*)$", text("Makefile"), re.M)[0].split())
    told = set(re.findall(r"(?:^|`)make ([a-z]+)\b", text("README.md") + text("docs/architecture.md"), re.M))
    assert {"demo", "test", "up", "check"} <= told & targets
    assert told <= targets


@pytest.mark.parametrize("page", PAGES_OF_DOCS, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / unquote(target)).exists(), target


@pytest.mark.parametrize("page", PAGES_OF_DOCS, ids=lambda page: page.name)
def test_every_page_of_the_docs_can_be_reached_from_the_readme(page: Path) -> None:
    if page.name != "README.md":
        assert page.relative_to(ROOT).as_posix() in text("README.md")


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_files_that_a_page_names_are_there(page: str) -> None:
    named = re.findall(r"`((?:core|app|docs|tests)/[\w./-]+)`", text(page))
    assert named
    for name in named:
        path = ROOT / name.replace("NAME.py", "label.py")
        assert path.exists(), name


def test_the_command_is_what_the_package_installs() -> None:
    assert 'graft = "app.cli:main"' in text("pyproject.toml")
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "doctor" in done.stdout
