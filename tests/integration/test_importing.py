"""Importing through the service and the job's body."""

import dataclasses
import errno
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput, GraftError
from core.graft import Graft
from core.jobs.context import JobContext
from core.jobs.payloads import ImportPayload
from core.services.imports import ImportReport
from core.store import runs
from core.store.db import reading, writing
from core.store.images import ImageRecord, read_image
from core.store.tables import ImageClassRow, ImageRow
from core.tasks import going_on, importing
from core.types import ImageState, Lane, ProjectId, RunId, RunState, Task
from tests.at_once import claim, complete, serve


def picture(path: Path, shade: int) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(shade).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path.read_bytes()


def do_import(graft: Graft, project: ProjectId, payload: ImportPayload) -> ImportReport:
    return reported(graft, graft.imports.start(project, payload))


def reported(graft: Graft, run_id: RunId) -> ImportReport:
    return graft.imports.report(complete(graft, run_id).id)


@pytest.fixture
def project(graft: Graft) -> ProjectId:
    return graft.projects.create("Leaves", Task.SINGLE)


def images(graft: Graft) -> dict[str, ImageRecord]:
    with reading(graft.engine) as session:
        records = [read_image(session, row.id) for row in session.query(ImageRow)]
    return {record.original_name: record for record in records}


def test_folders_become_classes_and_labels(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    for index, name in enumerate(["rust/a.png", "rust/b.png", "healthy/a.png"]):
        picture(tmp_path / "in" / name, index * 40)
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert (report.added, report.duplicates, report.rejected) == (3, 0, 0)
    assert {item.name for item in graft.projects.read(project).classes} == {"rust", "healthy"}
    assert all(row.state is ImageState.LABELLED for row in images(graft).values())
    with reading(graft.engine) as session:
        assert session.query(ImageClassRow).count() == 3


def test_importing_again_adds_nothing(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png", 1)
    payload = ImportPayload(source=str(tmp_path / "in"))
    do_import(graft, project, payload)
    report = do_import(graft, project, payload)
    assert (report.added, report.duplicates) == (0, 1)


def test_bad_files_are_listed_with_their_reason_and_the_rest_goes_in(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    good = picture(folder / "good.png", 1)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "page.jpg").write_text("<html>not found</html>")
    (folder / "cut.png").write_bytes(good[:-100])
    (folder / "notes.docx").write_bytes(b"x")
    report = do_import(graft, project, ImportPayload(source=str(folder)))
    assert (report.added, report.rejected) == (1, 4)
    assert {item.name for item in report.items} == {"empty.jpg", "page.jpg", "cut.png", "notes.docx"}
    assert all(item.reason for item in report.items)
    assert "page.jpg" in graft.imports.report_csv(report.run.id)


def test_a_hostile_zip_cannot_reach_outside_and_its_good_pictures_go_in(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    good = picture(tmp_path / "good.png", 5)
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ok/good.png", good)
        archive.writestr("../escape.png", good)
        archive.writestr("/etc/absolute.png", good)
        archive.writestr("inner.zip", b"PK")
        archive.writestr("bomb.png", b"\x00" * 30_000_000)
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in.zip")))
    assert (report.added, report.rejected) == (1, 4)
    assert not (tmp_path / "escape.png").exists() or (tmp_path / "escape.png").samefile(tmp_path / "good.png")


def test_a_table_gives_labels_cases_groups_and_metadata(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "1.png", 1)
    picture(tmp_path / "in" / "2.png", 60)
    (tmp_path / "l.csv").write_text("id,species,plant,field,note\n1,rust,p1,north,wet\n2,mildew,p2,south,\n9,rust,,,\n")
    report = do_import(
        graft,
        project,
        ImportPayload(
            source=str(tmp_path / "in"),
            labels_csv=str(tmp_path / "l.csv"),
            label_column="species",
            case_column="plant",
            group_column="field",
        ),
    )
    assert report.added == 2
    first = images(graft)["1.png"]
    assert (first.case_name, first.group_name, first.extra) == ("p1", "north", {"note": "wet"})
    assert any("no picture that came" in item.reason for item in report.items)


def test_a_table_whose_label_column_is_not_found_says_so_and_named_later_it_is_no_metadata(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        picture(tmp_path / "in" / f"{number}.png", 60 * number)
    (tmp_path / "l.csv").write_text("file,finding,note\n1.png,stage 10,wet\n2.png,stage 2,\n3.png,stage 1,\n")
    payload = ImportPayload(source=str(tmp_path / "in"), labels_csv=str(tmp_path / "l.csv"))
    report = do_import(graft, project, payload)
    (line,) = [item for item in report.items if item.name == "l.csv"]
    assert "No column is called label, class" in line.reason and "finding, note" in line.reason
    assert images(graft)["1.png"].extra == {"finding": "stage 10", "note": "wet"}
    do_import(graft, project, dataclasses.replace(payload, label_column="finding"))
    assert images(graft)["1.png"].state is ImageState.LABELLED
    assert images(graft)["1.png"].extra == {"note": "wet"} and images(graft)["2.png"].extra == {}
    names = [item.name for item in graft.projects.read(project).classes]
    assert names[-3:] == ["stage 1", "stage 2", "stage 10"], "as people count"


def test_a_table_that_leaves_a_split_out_is_told_that_it_divides_nothing(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for number in (1, 2):
        picture(tmp_path / "in" / f"{number}.png", 60 * number)
    (tmp_path / "in" / "l.csv").write_text("file,label,split\n1.png,rust,train\n2.png,mildew,train\n")
    (line,) = do_import(graft, project, ImportPayload(source=str(tmp_path / "in"))).items
    assert line.name == "l.csv" and line.reason.startswith(
        "Column 'split' names no picture for validation and none for"
    )
    assert images(graft)["1.png"].split is None and images(graft)["1.png"].extra == {"split": "train"}


@pytest.mark.parametrize("folders", [("rust/", "mildew/"), ("", "")])
def test_pictures_that_a_table_of_labels_does_not_name_stay_without_one_and_it_is_said(
    graft: Graft, project: ProjectId, tmp_path: Path, folders: tuple[str, str]
) -> None:
    one, two, three = f"{folders[0]}1.png", f"{folders[1]}2.png", f"{folders[0]}3.png"
    for index, name in enumerate((one, two, three)):
        picture(tmp_path / "in" / name, index * 60)
    (tmp_path / "in" / "l.csv").write_text("file,label\n1.png,mildew\n2.png,\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    found = {name: item.state is ImageState.LABELLED for name, item in images(graft).items()}
    assert found == {one: True, two: False, three: False}
    (line,) = report.items
    assert line.reason.startswith(f"1 of 3 picture files is in none of its lines, such as '{three}': without a label.")
    assert line.reason.endswith("bring the folders alone first.") == bool(folders[0])


def test_new_grades_come_last_and_the_report_says_in_what_order(graft: Graft, tmp_path: Path) -> None:
    project = graft.projects.create_from_names("Grades", Task.ORDINAL, ["low", "high"])
    picture(tmp_path / "in" / "1.png", 1)
    (tmp_path / "in" / "l.csv").write_text("file,label\n1.png,middle\n")
    (line,) = do_import(graft, project, ImportPayload(source=str(tmp_path / "in"))).items
    assert (
        line.name == "l.csv"
        and "New grades came last. From low to high the grades are now: low, high, middle." in line.reason
    )
    assert not do_import(graft, project, ImportPayload(source=str(tmp_path / "in"))).items


def test_an_unknown_class_is_one_line_and_the_picture_goes_in_unlabelled(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    picture(tmp_path / "in" / "1.png", 1)
    (tmp_path / "in" / "labels.csv").write_text("file,label\n1.png,ufo\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in"), create_classes=False))
    assert report.added == 1
    assert "'ufo' is not a class" in report.items[0].reason and "line 2" in report.items[0].name
    assert images(graft)["1.png"].state is ImageState.UNLABELLED


def test_a_line_that_labels_nothing_makes_no_class(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "1.png", 1)
    lines = ["file,label", "1.png,miner", "1.png,rust", "gone.png,ghost", "also-gone.png,rust"]
    (tmp_path / "in" / "labels.csv").write_text("\n".join(lines))
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert [item.name for item in graft.projects.read(project).classes] == ["rust"]
    assert any(item.reason.startswith("2 of its lines name no picture that came") for item in report.items)
    again = ImportPayload(source=str(tmp_path / "in" / "labels.csv"))
    assert do_import(graft, project, again).items
    assert [item.name for item in graft.projects.read(project).classes] == ["rust"]


def test_a_class_of_files_that_cannot_be_read_is_said_to_have_no_picture(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    picture(tmp_path / "in" / "1.png", 1)
    (tmp_path / "in" / "2.png").write_bytes(b"no picture")
    (tmp_path / "in" / "labels.csv").write_text("file,label\n1.png,rust\n2.png,mildew\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    (told,) = (item.reason for item in report.items if item.name == "labels.csv")
    assert told.startswith("1 new class has no picture: mildew.")


def test_a_killed_import_goes_on_without_doubling_anything(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    for index in range(5):
        picture(tmp_path / "in" / f"{index}.png", index * 30)
    run_id = graft.imports.start(project, ImportPayload(source=str(tmp_path / "in")))
    run = claim(graft, Lane.FILES)
    importing.run(JobContext(run, engine=graft.engine, settings=graft.settings))
    with writing(graft.engine) as session:
        runs.release_run(session, run_id, run.attempts, retries=1)
    report = reported(graft, run_id)  # the second attempt finds everything reported
    assert (report.added, report.duplicates, len(images(graft))) == (5, 0, 5)


def two_zips_of_the_same_names(folder: Path) -> str:
    for archive in ("first", "second"):
        with zipfile.ZipFile(folder / f"{archive}.zip", "w") as packed:
            for index in range(3):
                packed.writestr(f"{index}.png", picture(folder / "in.png", index + 10 * len(archive)))
    return f"{folder / 'first.zip'}\n{folder / 'second.zip'}"


def test_a_killed_import_takes_files_of_the_same_name_from_two_zips(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = graft.imports.start(project, ImportPayload(source=two_zips_of_the_same_names(tmp_path)))
    monkeypatch.setattr(importing, "BATCH", 2)
    commit, calls = importing._commit, []

    def dies_in_the_third(*batch: object) -> None:
        calls.append(batch)
        if len(calls) == 3:
            raise MemoryError("killed")
        commit(*batch)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_commit", dies_in_the_third)
    assert serve(graft, Lane.FILES) is RunState.FAILED
    assert graft.queue.resume(run_id)
    assert reported(graft, run_id).added == 6


def test_an_import_killed_when_it_had_forgotten_the_upload_is_done(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = picture(tmp_path / "a.png", 3)
    upload = graft.uploads.announce(project, "batch-1", "a.png", len(content))
    graft.uploads.append(upload.id, 0, content)
    run_id = graft.imports.start(project, ImportPayload(source="upload:batch-1"))
    forget = going_on.forget_upload

    def dies_after_it(context: JobContext, batch: str) -> None:
        forget(context, batch)
        raise MemoryError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(going_on, "forget_upload", dies_after_it)
        assert serve(graft, Lane.FILES) is RunState.FAILED
    assert graft.queue.resume(run_id)
    assert reported(graft, run_id).added == 1


def test_pictures_come_in_while_the_data_are_checked(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    for index, name in enumerate(["1.png", "2.png"]):
        picture(tmp_path / name / name, index * 60)
    do_import(graft, project, ImportPayload(source=str(tmp_path / "1.png")))
    check = graft.checks.start(project)
    assert claim(graft, Lane.ANALYSIS).id == check
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "2.png")))
    assert report.added == 1 and graft.queue.read(check).state is RunState.RUNNING


def test_an_upload_arrives_in_pieces_and_resumes_where_it_broke(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    content = picture(tmp_path / "a.png", 3)
    first = graft.uploads.announce(project, "batch-1", "field/a.png", len(content))
    graft.uploads.append(first.id, 0, content[:100])
    again = graft.uploads.announce(project, "batch-1", "field/a.png", len(content))
    assert again.offset == 100
    with pytest.raises(BadInput, match="100 are here"):
        graft.uploads.append(first.id, 0, content[:100])
    with pytest.raises(BadInput, match="not fully arrived"):
        graft.imports.start(project, ImportPayload(source="upload:batch-1"))
    graft.uploads.append(first.id, 100, content[100:])
    report = do_import(graft, project, ImportPayload(source="upload:batch-1"))
    assert report.added == 1
    assert not (graft.settings.uploads / "batch-1").exists()


def test_an_upload_that_does_not_fit_the_disk_is_refused_at_once(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0})())
    with pytest.raises(GraftError, match="too full"):
        graft.uploads.announce(project, "b", "a.png", 10)


@pytest.mark.parametrize("name", ["../a.png", "", "a/../../b.png"])
def test_a_name_that_reaches_elsewhere_is_refused(graft: Graft, project: ProjectId, name: str) -> None:
    with pytest.raises(BadInput):
        graft.uploads.announce(project, "b", name, 1)


def test_a_source_that_is_not_there_is_said_at_once(graft: Graft, project: ProjectId) -> None:
    with pytest.raises(BadInput, match="no folder or file"):
        graft.imports.start(project, ImportPayload(source="/nowhere/at/all"))


def test_the_real_leaves_go_in_with_their_table(graft: Graft, shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "leaves.zip", "w") as archive:
        files = sorted((shared_data / "coffee_leaf").rglob("*.jpg"))[:40]
        for file in files:
            archive.write(file, file.name)
        archive.write(next((shared_data / "coffee_leaf").rglob("dataset-full.csv")), "labels.csv")
    project = graft.projects.create("Coffee", Task.SINGLE)
    payload = ImportPayload(source=str(tmp_path / "leaves.zip"), label_column="predominant_stress")
    report = do_import(graft, project, payload)
    assert report.added + report.duplicates == 40
    assert all(row.state is ImageState.LABELLED for row in images(graft).values())


def test_a_zip_of_a_million_entries_is_refused_before_its_directory_is_read(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.media.sources.MOST_ENTRIES", 70_000)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:  # beyond 65,535 its directory is a zip64's
        for index in range(70_001):
            archive.writestr(f"{index}.jpg", b"")
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read"))
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "many.zip")))
    assert (report.added, report.rejected) == (0, 1)
    assert "70,001 entries" in report.items[0].reason


def test_a_zip_that_lies_about_its_number_of_entries_is_weighed_by_its_directory(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.media.sources.MOST_ENTRIES", 10)
    with zipfile.ZipFile(tmp_path / "lie.zip", "w") as archive:
        for index in range(100):
            archive.writestr(f"{index}.jpg", b"")
    content = (tmp_path / "lie.zip").read_bytes()
    end = content.rfind(b"PK\x05\x06")
    (tmp_path / "lie.zip").write_bytes(content[: end + 8] + b"\x01\x00\x01\x00" + content[end + 12 :])
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "lie.zip")))
    assert "at most 10 are accepted" in report.items[0].reason


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no zip at all", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_one_line(graft: Graft, project: ProjectId, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.zip").write_bytes(content)
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "bad.zip")))
    assert (report.added, report.rejected) == (0, 1)
    assert "damaged or not a zip" in report.items[0].reason


def test_a_zip_member_that_unpacks_to_more_than_it_claims_is_refused(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    import struct

    picture(tmp_path / "good.png", 3)
    size = 50_000_000
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"\x00" * size)
        archive.write(tmp_path / "good.png", "good.png")
    content = (tmp_path / "bomb.zip").read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000))
    (tmp_path / "bomb.zip").write_bytes(content)
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "bomb.zip")))
    assert (report.added, report.rejected) == (1, 1)
    assert report.items[0].name == "bomb.png"


def test_a_full_disk_stops_the_import_in_one_sentence_and_it_goes_on_afterwards(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(3):
        picture(tmp_path / "in" / f"{index}.png", index * 30)
    run_id = graft.imports.start(project, ImportPayload(source=str(tmp_path / "in")))
    rename, room = os.replace, iter([True])

    def replace(source: str, target: Path) -> None:
        if not next(room, False):
            raise OSError(errno.ENOSPC, "No space left on device")
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr("core.media.blobs.os.replace", replace)
        state = serve(graft, Lane.FILES)
    run = graft.queue.read(run_id)
    assert state is RunState.FAILED and "disk is full" in run.error and "resume" in run.hint
    assert not [path for path in graft.settings.blobs.rglob("*") if path.is_file() and len(path.name) != 64]
    assert graft.queue.resume(run_id)
    report = reported(graft, run_id)
    assert (report.added, report.rejected) == (3, 0)


def test_the_same_picture_twice_in_one_batch_is_one_image_with_the_label_that_is_known(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    picture(tmp_path / "in" / "a.png", 7)
    picture(tmp_path / "in" / "b.png", 7)
    picture(tmp_path / "in" / "c.png", 90)
    (tmp_path / "in" / "labels.csv").write_text("file,label\nb.png,rust\nc.png,rust\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert (report.added, report.duplicates) == (2, 1)
    assert images(graft)["a.png"].state is ImageState.LABELLED


def test_pictures_are_on_disk_before_a_row_says_so(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "in" / "a.png", 1)
    known: list[int] = []
    monkeypatch.setattr("os.sync", lambda: known.append(len(images(graft))))
    do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert known == [0] and len(images(graft)) == 1


def test_a_name_in_an_older_system_s_letters_stops_nothing(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    content = picture(tmp_path / "in" / "a.png", 1)
    try:
        Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/caf\xe9.png")).write_bytes(content + b"other")
    except OSError:
        pytest.skip("This file system takes UTF-8 alone.")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert (report.added, set(images(graft))) == (2, {"a.png", "café.png"})


def test_a_link_to_a_folder_is_told_of(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png", 1)
    picture(tmp_path / "other" / "b.png", 2)
    (tmp_path / "in" / "more").symlink_to(tmp_path / "other")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert report.added == 1
    assert [(item.name, item.reason) for item in report.items] == [
        ("more", "A link to a folder is not followed. Bring in that folder itself.")
    ]


def test_one_name_that_can_be_no_class_costs_the_others_nothing(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for index, name in enumerate(["x" * 101, "rust", "healthy"]):
        picture(tmp_path / "in" / name / f"{index}.png", index * 30)
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert {item.name for item in graft.projects.read(project).classes} == {"rust", "healthy"}
    (told,) = report.items
    assert told.name == "x" * 101 and told.reason.endswith("longer than 100 characters. No class was made of it.")


def test_two_labels_where_a_picture_has_one_make_no_class_and_the_report_says_so(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    picture(tmp_path / "in" / "a.png", 1)
    picture(tmp_path / "in" / "b.png", 90)
    (tmp_path / "in" / "labels.csv").write_text("file,label\na.png,rust\nb.png,rust|mildew\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert [item.name for item in graft.projects.read(project).classes] == ["rust"]
    assert [item.reason for item in report.items if item.name == "labels.csv, line 3"] == [
        "Column 'label': 'rust | mildew' is 2 labels, and a picture has one here. This line gives no label."
    ]


def test_a_number_that_no_model_can_compute_with_is_one_line(graft: Graft, tmp_path: Path) -> None:
    numbers = graft.projects.create("Counts", Task.REGRESSION)
    for index, name in enumerate("abc"):
        picture(tmp_path / "in" / f"{name}.png", index * 40)
    (tmp_path / "in" / "labels.csv").write_text("file,label\na.png,1e308\nb.png,-1e15\nc.png,many\n")
    report = do_import(graft, numbers, ImportPayload(source=str(tmp_path / "in")))
    words = "is not a number that can be computed with. This line gives no label."
    assert [item.reason for item in report.items if "line" in item.name] == [
        f"Column 'label': '1e308' {words}",
        f"Column 'label': 'many' {words}",
    ]


def test_names_that_differ_in_capitals_spaces_or_how_an_accent_is_written_are_one_class(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for index in range(5):
        picture(tmp_path / "in" / f"{index}.png", index * 30)
    picture(tmp_path / "in" / "cafe\u0301.png", 200)
    lines = ["0,Rust", "1,rust", "2,leaf  spot", "3,tache\u0301e", "4,tach\u00e9e", "caf\u00e9.png,Rust"]
    (tmp_path / "in" / "labels.csv").write_text("\n".join(["file,label", *lines]), encoding="utf-8")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert [item.name for item in graft.projects.read(project).classes] == ["leaf spot", "Rust", "tach\u00e9e"]
    assert not report.items and all(image.state is ImageState.LABELLED for image in images(graft).values())


def test_lines_of_one_picture_that_say_different_things_are_told(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    for index in range(2):
        picture(tmp_path / "in" / f"{index}.png", index * 30)
    (tmp_path / "in" / "labels.csv").write_text("file,label\n0.png,rust\n0.png,healthy\n1.png,rust\n1.png,rust\n")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert [(item.name, item.reason) for item in report.items] == [
        ("labels.csv, line 3", "'0.png' is in line 2, too, and that says otherwise: line 3 counts.")
    ]


def test_what_a_file_holds_beside_its_first_picture_is_told(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    pages = [Image.new("RGB", (20, 20), (shade, 0, 0)) for shade in (10, 90, 200)]
    (tmp_path / "in").mkdir()
    pages[0].save(tmp_path / "in" / "stack.tif", save_all=True, append_images=pages[1:])
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    told = [("stack.tif", "It holds 3 pictures; only the first one was taken.")]
    assert report.added == 1 and [(item.name, item.reason) for item in report.items] == told
    assert [(item.name, item.reason) for item in graft.imports.remarked(report.run.id)] == told


def test_a_spreadsheet_or_a_dicom_file_is_told_what_to_become(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png", 1)
    (tmp_path / "in" / "labels.xlsx").write_bytes(b"PK")
    (tmp_path / "in" / "scan.dcm").write_bytes(b"DICM")
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert ["Save it as CSV" in item.reason or "as PNG or TIFF" in item.reason for item in report.items] == [True] * 2


def test_an_import_of_nothing_says_so(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    report = do_import(graft, project, ImportPayload(source=str(tmp_path / "in")))
    assert [(item.name, item.reason) for item in report.items] == [
        (str(tmp_path / "in"), "There is no picture in it. Give a folder, a zip, or pictures.")
    ]
