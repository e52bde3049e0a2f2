"""Files on their way from the browser: announced, received piece by piece, resumed after a broken connection."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from core.errors import BadInput, DiskFull, GraftError, is_full
from core.media.blobs import write_file
from core.media.sources import batch_folder
from core.services.base import Service
from core.store import imports, projects
from core.store.db import reading, writing
from core.store.imports import UploadRecord
from core.types import ProjectId

RESERVE_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """How much of a file is here."""

    id: str
    offset: int
    size_bytes: int


class Uploads(Service):
    """Receives files. The bytes received are the size of the spool file: what is on disk is the truth."""

    def announce(self, project_id: ProjectId, batch: str, name: str, size_bytes: int) -> UploadView:
        """Say that a file will come; announced again it says how much is here already.

        Raises BadInput for an unusable name or size and a batch of another project, NotFound for the project,
        GraftError if the disk is too full.
        """
        clean = _clean_name(name)
        folder = batch_folder(self.settings, batch)
        if size_bytes < 0:
            raise BadInput(f"{clean} cannot have {size_bytes} bytes.")
        if size_bytes > self.settings.max_upload_bytes:
            raise BadInput(f"{clean} is larger than {self.settings.max_upload_bytes // 2**30} GiB.")
        self.settings.uploads.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.settings.uploads).free < size_bytes + RESERVE_BYTES:
            raise GraftError(f"The disk is too full for {clean}.", hint="Make room, then try again.")
        upload_id = hashlib.sha256(f"{project_id}\n{batch}\n{clean}\n{size_bytes}".encode()).hexdigest()[:32]
        record = UploadRecord(
            id=upload_id, batch=batch, project_id=project_id, name=clean, size_bytes=size_bytes, complete=False
        )
        with writing(self.engine) as session:
            projects.read_project(session, project_id)
            _own(imports.list_batch(session, batch), project_id)
            imports.create_upload(session, record, now=datetime.now(UTC))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / upload_id).touch()
        return UploadView(id=upload_id, offset=self._path(record).stat().st_size, size_bytes=size_bytes)

    def read(self, upload_id: str) -> UploadView:
        """How much of a file is here. Raises NotFound."""
        record = self._record(upload_id)
        path = self._path(record)
        return UploadView(
            id=record.id, offset=path.stat().st_size if path.exists() else 0, size_bytes=record.size_bytes
        )

    def append(self, upload_id: str, offset: int, data: bytes) -> UploadView:
        """Add bytes that begin at `offset`. Raises BadInput if they do not fit, DiskFull."""
        record = self._record(upload_id)
        path = self._path(record)
        try:
            with path.open("ab") as file:
                if file.tell() != offset:
                    raise BadInput(f"{record.name}: bytes for {offset} came, but {file.tell()} are here.")
                if offset + len(data) > record.size_bytes:
                    raise BadInput(f"{record.name}: more bytes came than were announced.")
                file.write(data)
                file.flush()
                here = file.tell()
                if here == record.size_bytes:
                    os.fsync(file.fileno())
        except OSError as error:
            if is_full(error):
                raise DiskFull(f"The disk is full: {record.name} stopped.", hint="Make room; it continues.") from error
            raise
        if here == record.size_bytes:
            with writing(self.engine) as session:
                imports.complete_upload(session, upload_id)
        return UploadView(id=record.id, offset=here, size_bytes=record.size_bytes)

    def seal(self, project_id: ProjectId | None, batch: str) -> int:
        """Close a project's batch, so that a job can read it as "upload:BATCH"; returns its number of files.

        Raises BadInput unless all have arrived, and for a batch of another project.
        """
        folder = batch_folder(self.settings, batch)
        with reading(self.engine) as session:
            records = _own(imports.list_batch(session, batch), project_id)
        late = [item.name for item in records if not item.complete and item.size_bytes > 0]
        if not records:
            raise BadInput("No file has arrived.", hint="Drop some pictures first.")
        if late:
            raise BadInput(f"{late[0]} has not fully arrived.", hint="Wait for the upload to finish.")
        names = json.dumps({item.id: item.name for item in records})
        write_file(folder / "names.json", names.encode())
        return len(records)

    def _record(self, upload_id: str) -> UploadRecord:
        with reading(self.engine) as session:
            return imports.read_upload(session, upload_id)

    def _path(self, record: UploadRecord) -> Path:
        return batch_folder(self.settings, record.batch) / record.id


def _own(batch: list[UploadRecord], project_id: ProjectId | None) -> list[UploadRecord]:
    if any(item.project_id != project_id for item in batch):
        raise BadInput("These files were sent to another project.", hint="Drop them in the project that they are for.")
    return batch


def _clean_name(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/").replace("\x00", "").lstrip("/"))
    if not path.parts or ".." in path.parts or len(name) > 1000:
        raise BadInput(f"{name[:80]!r} cannot be the name of a file.")
    return str(path)
