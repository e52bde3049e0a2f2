"""Where pictures come from: a folder, a zip, a single file, or what the browser sent.

Names are listed first and files read one by one, so that a source of any size needs little memory. A name that
reaches outside its zip, or a file larger than 512 MiB, is refused and listed with its reason.
"""

import contextlib
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.errors import BadImage, BadInput
from core.media.decode import EXTENSIONS, KINDS
from core.media.prepare import LARGEST_FILE
from core.settings import Settings, expanded

UPLOAD = "upload:"
"""Before the name of a batch that a browser sent, in place of a path."""

MOST_ENTRIES = 300_000
LARGEST_ENTRY = 400  # bytes in a zip's directory: 46 and a long name
LARGEST_TABLE = 256 * 2**20
AS_CSV = "Save the table as CSV, and name the file that ends in .csv."
OTHERS = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "A spreadsheet is not read. Save it as CSV and bring that in."),
    **dict.fromkeys((".dcm", ".dicom"), "DICOM is not read. Export the picture as PNG or TIFF and bring that in."),
}
"""What is said of files that people take for pictures or tables, by their extension."""
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a source. `name` is relative, "/" between; `read` gives its bytes or raises BadImage."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Pictures, tables (CSV), COCO annotations (JSON), and what was refused by its name alone, with the reason."""

    pictures: list[Entry] = field(default_factory=list)
    tables: list[Entry] = field(default_factory=list)
    annotations: list[Entry] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def open_source(source: str, settings: Settings) -> Iterator[Source]:
    """The files behind a payload's `source`. Raises BadInput if there is nothing of that name."""
    result = Source()
    with contextlib.ExitStack() as stack:
        for name, path in _files(source, settings, result.refused):
            if path.suffix.lower() == ".zip" or name.lower().endswith(".zip"):
                _add_zip(result, name, path, stack)
            else:
                _sort_in(result, Entry(name, lambda path=path, name=name: _read_file(path, name)))  # type: ignore[misc]
        yield result


def batch_folder(settings: Settings, batch: str) -> Path:
    """Where a batch of uploads lies. Raises BadInput for a name that is not a batch's."""
    if not batch or not batch.isascii() or not batch.replace("-", "").isalnum() or len(batch) > 64:
        raise BadInput(f"{batch[:64]!r} is not the name of an upload.")
    return settings.uploads / batch


def check_source(source: str) -> None:
    """Raise BadInput if a folder or file of a payload's `source` is not there."""
    hint = "Check the path; it must be on the machine where Graft runs."
    for path in source.split("\n"):
        if not path.strip() or not expanded(path).exists():
            raise BadInput(f"There is no folder or file {path!r} on this machine.", hint=hint)


def _files(source: str, settings: Settings, refused: list[tuple[str, str]]) -> Iterator[tuple[str, Path]]:
    if source.startswith(UPLOAD):
        folder = batch_folder(settings, source.removeprefix(UPLOAD))
        try:
            names = json.loads((folder / "names.json").read_text("utf-8"))
        except OSError as error:
            raise BadInput("These uploads are not here any more.", hint="Drop the files again.") from error
        yield from ((name, folder / spool) for spool, name in names.items())
        return
    check_source(source)
    several = [expanded(line).absolute() for line in source.split("\n")]
    if len(several) == 1:
        yield from _below(several[0], refused)
        return
    # Named from the folder they have in common, so that equal names in two folders stay apart.
    common = Path(os.path.commonpath([path.parent for path in several]))
    for path in several:
        before = _readable(path.relative_to(common).as_posix())
        for name, found in _below(path, refused):
            yield (f"{before}/{name}" if path.is_dir() else before), found


def _below(path: Path, refused: list[tuple[str, str]]) -> Iterator[tuple[str, Path]]:
    """The files of a folder by their relative names, or the file itself; folders not entered go to `refused`."""
    if not path.is_dir():
        yield _readable(path.name), path
        return

    def shut(error: OSError) -> None:
        name = _readable(Path(error.filename).relative_to(path).as_posix())
        refused.append((name, f"This folder cannot be opened: {error.strerror}."))

    for folder_name, folders, files in os.walk(path, onerror=shut):
        folder = Path(folder_name)
        folders[:] = sorted(item for item in folders if not _is_ignored(item))
        for link in (folder / item for item in folders if (folder / item).is_symlink()):
            reason = "A link to a folder is not followed. Bring in that folder itself."
            refused.append((_readable(link.relative_to(path).as_posix()), reason))
        for file in sorted(files):
            found = folder / file
            yield _readable(found.relative_to(path).as_posix()), found


def _readable(name: str) -> str:
    """The name as text that can be stored: one that is no UTF-8 was written by an older system, in Windows' letters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("cp1252", "replace")
    return name


def _is_ignored(name: str) -> bool:
    return any(part.startswith(".") or part.lower() in _IGNORED for part in PurePosixPath(name).parts)


def _sort_in(source: Source, entry: Entry) -> None:
    suffix = PurePosixPath(entry.name).suffix.lower()
    if _is_ignored(entry.name):
        return
    if suffix in EXTENSIONS:
        source.pictures.append(entry)
    elif suffix in (".csv", ".tsv"):
        source.tables.append(entry)
    elif suffix == ".json":
        source.annotations.append(entry)
    else:
        told = OTHERS.get(suffix) or f"Not a picture by its name: {suffix or 'no extension'}. {KINDS}"
        source.refused.append((entry.name, told))


def _read_file(path: Path, name: str) -> bytes:
    try:
        if path.is_symlink() and not path.exists():
            raise BadImage(f"{name} is a link that leads nowhere.")
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadImage(f"{name} is not an ordinary file.")
        if path.stat().st_size > LARGEST_FILE:
            raise BadImage(f"{name} is larger than {LARGEST_FILE // 2**20} MiB.")
        return path.read_bytes()
    except OSError as error:
        raise BadImage(f"{name} cannot be read: {error.strerror}.") from error


def _add_zip(source: Source, name: str, path: Path, stack: contextlib.ExitStack) -> None:
    try:
        count = _listed(path)
        archive = stack.enter_context(zipfile.ZipFile(path)) if count <= MOST_ENTRIES else None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        source.refused.append((name, "This zip is damaged or not a zip: it cannot be opened."))
        return
    if archive is None:
        reason = f"This zip has {count:,} entries; at most {MOST_ENTRIES:,} are accepted. Split it."
        source.refused.append((name, reason))
        return
    for member in archive.infolist():
        if member.is_dir():
            continue
        shown = member.filename.replace("\\", "/")
        problem = _problem(member, shown)
        if problem:
            source.refused.append((shown, problem))
        else:
            _sort_in(source, Entry(shown, lambda member=member: _read_member(archive, member)))  # type: ignore[misc]


def _listed(path: Path) -> int:
    """How many entries a zip's directory has at most, before it is read: a million of them take a gigabyte.

    APPNOTE 4.3.16 and 4.3.14. Its own count can be a lie, so the directory's size counts too.
    """
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 65_557 - 20))
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0:
            raise zipfile.BadZipFile("no end of central directory")
        count, size = struct.unpack_from("<HI", tail, place + 10)
        if tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):  # zip64: the record stands elsewhere
            (record,) = struct.unpack_from("<Q", tail, place - 12)
            file.seek(record)
            count, size = struct.unpack_from("<QQ", file.read(56), 32)
    return max(int(count), int(size) // LARGEST_ENTRY)


def _problem(member: zipfile.ZipInfo, shown: str) -> str:
    parts = PurePosixPath(shown).parts
    if shown.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
        return f"The name reaches outside the zip {member.filename[:80]!r}; refused."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "A link inside a zip is not followed."
    if shown.lower().endswith(".zip"):
        return "A zip inside a zip is not opened. Unpack it and drop its pictures."
    if member.flag_bits & 1:
        return "It is protected with a password. Unpack it and drop its pictures."
    if member.file_size > LARGEST_FILE:
        return f"It unpacks to more than {LARGEST_FILE // 2**20} MiB."
    return ""


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            content = file.read(LARGEST_FILE + 1)  # the size a zip claims can be a lie
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadImage(f"{member.filename} is damaged inside its zip.") from error
    if len(content) > LARGEST_FILE:
        raise BadImage(f"{member.filename} unpacks to more than {LARGEST_FILE // 2**20} MiB.")
    return content
