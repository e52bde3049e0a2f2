"""`graft project create|list` and `graft import`: projects and the pictures in them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import (
    Home,
    Json,
    ProjectName,
    ensure_done,
    opened,
    progress_line,
    show,
    sources,
    table,
    table_for,
    wants_json,
)
from core.types import ImageState, Task
from core.words import count, one_line

if TYPE_CHECKING:
    from core.services.imports import ImportItem

project = typer.Typer(help="Create or list projects.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(project, name="project")
    app.command("import")(import_)


@project.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    task: Annotated[Task, typer.Option(help="What a label is: a class, several classes, a grade, or a number.")],
    classes: Annotated[str, typer.Option(metavar="A,B,C", help="Class names; importing can add more.")] = "",
    guideline: Annotated[str, typer.Option(metavar="TEXT", help="How to label, in a few sentences.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Create a project."""
    with opened(home) as graft:
        project_id = graft.projects.create_from_names(name, task, classes.split(","), guideline=guideline)
        made = graft.projects.read(project_id)
    names = [item.name for item in made.classes]
    value = {"project": made.id, "name": made.name, "task": made.task.value, "classes": names}
    words = f"Created the project {made.name!r}" + (f" with the classes {', '.join(names)}." if names else ".")
    show(value, words, as_json)


@project.command("list")
def list_(home: Home = None, as_json: Json = False) -> None:
    """List the projects with how much of each is labelled."""
    with opened(home) as graft:
        rows = [(item, graft.labelling.progress(item.id)) for item in graft.projects.list()]
    projects = [
        {
            "project": item.id,
            "name": item.name,
            "task": item.task.value,
            "classes": [kind.name for kind in item.classes],
            "images": progress.total,
            "labelled": progress.by_state[ImageState.LABELLED],
        }
        for item, progress in rows
    ]
    # The name last: a long one makes no other column wide.
    header = ["task", "images", "labelled", "classes", "name"]
    lines = [
        [item["task"], item["images"], item["labelled"], len(kind.classes), kind.name]
        for item, (kind, _) in zip(projects, rows, strict=True)
    ]
    show({"projects": projects}, table(header, lines) if projects else "There is no project yet.", as_json)


def import_(
    name: ProjectName,
    path: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="A folder, a zip, or pictures; a table alone corrects labels."),
    ],
    labels: Annotated[str, typer.Option(metavar="FILE.csv", help="A table beside the pictures or among them.")] = "",
    file_column: Annotated[str, typer.Option(metavar="C", help="Its column with the file name.")] = "",
    label_column: Annotated[str, typer.Option(metavar="C", help="Its column with the label.")] = "",
    case_column: Annotated[str, typer.Option(metavar="C", help="Its column with the patient, plant, animal.")] = "",
    group_column: Annotated[str, typer.Option(metavar="C", help="Its column with the clinic, field, camera.")] = "",
    date_column: Annotated[str, typer.Option(metavar="C", help="Its column with the date.")] = "",
    folder_labels: Annotated[bool, typer.Option(help="Whether sub-folders name classes.")] = True,
    new_classes: Annotated[bool, typer.Option(help="Whether labels that are no class yet become one.")] = True,
    overrule: Annotated[bool, typer.Option("--overrule", help="Replace labels given in Graft, too.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Bring pictures into a project; one bad file stops nothing."""
    with opened(home) as graft:
        from core.services.imports import ImportPayload

        payload = ImportPayload(
            source=sources(path),
            labels_csv=table_for(labels),
            file_column=file_column,
            label_column=label_column,
            case_column=case_column,
            group_column=group_column,
            date_column=date_column,
            folder_labels=folder_labels,
            create_classes=new_classes,
            overrule=overrule,
        )
        run = graft.serving.finish(graft.imports.start(graft.projects.named(name).id, payload), progress_line(as_json))
        report = graft.imports.report(run.id)
        refused, remarked = graft.imports.rejected(run.id), graft.imports.remarked(run.id)
        relabelled, kept = (graft.imports.relabelled(run.id, taken=taken) for taken in (True, False))
    value = {
        "run": run.id,
        "state": run.state.value,
        "added": report.added,
        "duplicates": report.duplicates,
        "corrected": report.corrected,
        "relabelled": _lines(relabelled),
        "kept": _lines(kept),
        "rejected": _lines(refused),
        "remarks": _lines(remarked),
    }
    there = f"{report.duplicates:,}" + (f" ({report.corrected:,} corrected)" if report.corrected else "")
    words = [f"Added {report.added:,}, already there {there}, rejected {report.rejected:,}."]
    words += [f"  {one_line(item.name)}: {one_line(item.reason)}" for item in refused]
    words += [f"  {one_line(item.name)}: {one_line(item.reason)}" for item in remarked]
    if relabelled:
        words += [
            f"{count(len(relabelled), 'label')} changed:",
            *(f"  {one_line(one.name)}: {one_line(one.reason)}" for one in relabelled),
        ]
    if kept:
        words += [
            f"{count(len(kept), 'label')} kept:",
            *(f"  {one_line(one.name)}: {one_line(one.reason)}" for one in kept),
        ]
        words += ["To let what came with the import win, import it again with --overrule."]
    done = run.state.value == "done"
    if done or report.added or report.duplicates or refused or wants_json(as_json):  # else nothing was looked at
        show(value, "\n".join(words), as_json)
    ensure_done(run)


def _lines(items: "Sequence[ImportItem]") -> list[dict[str, str]]:
    return [{"name": item.name, "reason": item.reason} for item in items]
