"""What an import tells of pictures that are there already: what is taken over, and what stays against it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.graft import Graft
from core.jobs.payloads import ImportPayload
from core.labels import ClassSpec, LabelValue
from core.store import versions
from core.store.db import reading
from core.store.labels import LabelEvent
from core.tasks import importing
from core.types import LabelKind, ProjectId, RunState, Split
from tests.at_once import finish
from tests.integration.test_importing import do_import, images, picture, project

__all__ = ["project"]


def test_a_corrected_table_corrects_what_is_known_of_pictures_that_are_there(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for number in range(1, 4):
        picture(tmp_path / "in" / f"{number}.png", number)
    table = tmp_path / "l.csv"
    payload = ImportPayload(source=str(tmp_path / "in"), labels_csv=str(table))
    header = "file,label,case,split,date,note,weather\n"
    table.write_text(f"{header}1,rust,p1,train,,wet,sun\n2,rust,p2,validation,,,\n3,mildew,p3,test,2026-05-31,,\n")
    do_import(graft, project, payload)
    table.write_text(f"{header}1,mildew,p9,test,,dry,\n2,rust,p2,train,,,\n3,mildew,,validation,,,\n")
    report = do_import(graft, project, payload)
    assert (report.added, report.duplicates, report.corrected) == (0, 3, 3)
    found = images(graft)
    assert [found[f"{number}.png"].split for number in (1, 2, 3)] == [Split.TEST, Split.TRAIN, Split.VALIDATION]
    assert (found["1.png"].case_name, found["1.png"].extra) == ("p9", {"note": "dry", "weather": "sun"})
    assert found["3.png"].case_name == "p3" and found["3.png"].captured_at == datetime(2026, 5, 31, tzinfo=UTC)
    reasons = {item.name: item.reason for item in report.items}
    assert reasons["1.png"] == (
        "Taken over from the table: case (was p1), split (was train), note (was wet), label (was rust)."
    )
    assert reasons["2.png"].endswith("Taken over from the table: split (was validation).")
    again = do_import(graft, project, payload)
    assert (again.duplicates, again.corrected, again.items) == (3, 0, ())
    assert (report.relabelled, report.kept) == (1, 0)
    assert labelled(graft, project) == {"1.png": "mildew", "2.png": "rust", "3.png": "mildew"}


def labelled(graft: Graft, project: ProjectId) -> dict[str, str]:
    """Each labelled picture's classes, in words."""
    names = {item.id: item.name for item in graft.projects.read(project).classes}
    with reading(graft.engine) as session:
        rows = versions.list_labelled(session, project)
    pictures = {record.id: name for name, record in images(graft).items()}
    return {pictures[row.id]: " ".join(names[item] for item in row.classes) for row in rows}


def say(graft: Graft, project: ProjectId, name: str, kind: LabelKind, label: str = "") -> None:
    """Ada's word about a picture."""
    classes = {item.name: item.id for item in graft.projects.read(project).classes}
    value = LabelValue(classes=(classes[label],) if label else ())
    event = LabelEvent(event_id=f"{name}-{kind}", image_id=images(graft)[name].id, kind=kind, value=value,
                       annotator="Ada")  # fmt: skip
    assert graft.labelling.record(project, [event]).saved


@pytest.fixture
def tabled(graft: Graft, project: ProjectId, tmp_path: Path) -> Path:
    """A table that says rust of five pictures that came with it: then Ada labels, confirms and doubts three of them."""
    for number in range(1, 6):
        picture(tmp_path / "in" / f"{number}.png", number)
    table = tmp_path / "labels.csv"
    table.write_text("file,label\n" + "".join(f"{number},rust\n" for number in range(1, 6)))
    graft.classes.add(project, ClassSpec(name="mildew"))
    do_import(graft, project, ImportPayload(source=str(tmp_path / "in"), labels_csv=str(table)))
    say(graft, project, "2.png", LabelKind.SET, "mildew")
    say(graft, project, "3.png", LabelKind.CONFIRM, "rust")
    say(graft, project, "4.png", LabelKind.UNSURE)
    say(graft, project, "5.png", LabelKind.SKIP)
    table.write_text("file,label\n" + "".join(f"{number},healthy\n" for number in range(1, 6)))
    return table


@pytest.mark.parametrize("with_pictures", [True, False])
def test_a_corrected_table_changes_imported_labels_and_says_which_ones_of_people_stay(
    graft: Graft, project: ProjectId, tabled: Path, with_pictures: bool
) -> None:
    pictures = ImportPayload(source=str(tabled.parent / "in"), labels_csv=str(tabled))
    payload = pictures if with_pictures else ImportPayload(source=str(tabled))
    report = do_import(graft, project, payload)
    assert (report.added, report.duplicates, report.corrected, report.rejected) == (0, 5, 2, 0)
    assert (report.relabelled, report.kept) == (1, 3)
    assert labelled(graft, project) == {"1.png": "healthy", "2.png": "mildew", "3.png": "rust", "5.png": "healthy"}
    told = [(item.name, item.relabelled, item.reason) for item in report.items]
    assert told == [
        ("2.png", False, "The table says healthy, but Ada labelled it mildew: that stays."),
        ("3.png", False, "The table says healthy, but Ada labelled it rust: that stays."),
        ("4.png", False, "The table says healthy, but Ada was unsure: that stays."),
        ("1.png", True, "Taken over from the table: label (was rust)."),
        ("5.png", None, "Taken over from the table: label."),
    ]
    assert '2.png,duplicate,kept,"The table says healthy' in graft.imports.report_csv(report.run.id)


def test_what_people_labelled_gives_way_where_the_import_overrules_it(
    graft: Graft, project: ProjectId, tabled: Path
) -> None:
    report = do_import(graft, project, ImportPayload(source=str(tabled), overrule=True))
    assert (report.relabelled, report.kept) == (4, 0)
    assert labelled(graft, project) == {f"{number}.png": "healthy" for number in range(1, 6)}
    again = do_import(graft, project, ImportPayload(source=str(tabled), overrule=True))
    assert (again.duplicates, again.corrected, again.items) == (5, 0, ())


def test_a_table_alone_says_which_of_its_lines_mean_no_picture_or_several(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for index, name in enumerate(["rust/1.png", "mildew/1.png", "rust/2.png"]):
        picture(tmp_path / "in" / name, index + 1)
    do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    (tmp_path / "l.csv").write_text("file,label\n1,mildew\nrust/2.png,mildew\n9,rust\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "l.csv")))
    assert (report.duplicates, report.relabelled, report.rejected) == (1, 1, 2)
    reasons = {item.name: item.reason for item in report.items}
    assert reasons["l.csv"] == "1 of its lines names no picture of this project, such as line 4: '9'."
    assert reasons["l.csv, line 2"].startswith("'1' could mean 2 pictures of this project, such as ")
    assert labelled(graft, project) == {"rust/1.png": "rust", "mildew/1.png": "mildew", "rust/2.png": "mildew"}


def test_a_folder_s_name_replaces_no_label_and_of_one_picture_twice_the_first_counts_and_it_is_said(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    content = picture(tmp_path / "first" / "mildew" / "a.png", 1)
    picture(tmp_path / "first" / "rust" / "b.png", 2)
    (tmp_path / "first" / "rust" / "c.png").write_bytes(content)
    first = do_import(graft, project, ImportPayload(source=str(tmp_path / "first")))
    assert [(item.name, item.relabelled, item.reason) for item in first.items] == [
        (
            "rust/c.png",
            False,
            "The same picture is already there as mildew/a.png. Its folder says rust, but it was imported as mildew: "
            "that stays.",
        )
    ]
    (tmp_path / "second" / "rust").mkdir(parents=True)
    (tmp_path / "second" / "rust" / "a.png").write_bytes(content)
    second = do_import(graft, project, ImportPayload(source=str(tmp_path / "second")))
    assert (second.relabelled, second.kept) == (0, 1)
    assert labelled(graft, project) == {"mildew/a.png": "mildew", "rust/b.png": "rust"}


def test_a_picture_that_comes_twice_in_one_import_keeps_what_its_first_line_says(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    content = picture(tmp_path / "in" / "a.png", 1)
    (tmp_path / "in" / "b.png").write_bytes(content)
    (tmp_path / "l.csv").write_text("file,label,case\na,rust,p1\nb,rust,p2\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in"), labels_csv=str(tmp_path / "l.csv")))
    assert report.duplicates == 1 and images(graft)["a.png"].case_name == "p1"


def test_a_table_alone_that_cannot_be_used_is_a_failure_with_its_reason(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    (tmp_path / "l.csv").write_text("file,label\n1,rust\n")
    payload = ImportPayload(source=str(tmp_path / "l.csv"), case_column="plant")
    ended = finish(graft, graft.imports.start(project, payload))
    assert ended.state is RunState.FAILED
    assert (ended.error, ended.hint) == ("l.csv has no column 'plant'.", "Its columns: file, label.")
