"""The real app for browser tests: a web process with a home of its own, workers beside it, small pictures in it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np
from PIL import Image

from core.graft import Graft
from core.jobs.payloads import ImportPayload
from core.labels import ClassSpec, LabelValue
from core.services.gallery import PictureFilter
from core.services.labelling import LabelEvent
from core.types import ImageId, JsonObject, LabelKind, ProjectId, Task
from tests.at_once import complete

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 90


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Served:
    """A running web process and the home it serves, opened here too: `graft` is what its pages use."""

    graft: Graft
    folder: Path
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self, page: str, **params: object) -> str:
        """The address of a page, such as address("label", project=1)."""
        return f"{self.url}/{page}?{urlencode(params)}"

    def start(self) -> None:
        """Start the web process, on the same port each time, and wait until it answers."""
        self._spawn("web", ["-m", "app.server"])
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/api/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("The web process does not answer:\n" + (self.folder / "web.log").read_text()[-3000:])

    def worker(self, role: str) -> None:
        """Start `python -m core.worker ROLE`: jobs or interactive."""
        self._spawn(role, ["-m", "core.worker", role])

    def _spawn(self, name: str, arguments: Sequence[str]) -> None:
        environ = {**os.environ, **self.graft.settings.environ(), "GRAFT_PORT": str(self.port), "OMP_NUM_THREADS": "1"}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=environ, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def project(
        self,
        name: str,
        task: Task = Task.SINGLE,
        classes: Sequence[str] = ("healthy", "rust"),
        *,
        pictures: int = 12,
        settings: JsonObject | None = None,
    ) -> ProjectId:
        """A project with small pictures without labels: picture-00.png and on, each of another colour."""
        made = self.graft.projects.create(name, task, [ClassSpec(name=item) for item in classes], settings=settings)
        if pictures:
            self.bring_in(made, pictures)
        return made

    def bring_in(self, project: ProjectId, pictures: int) -> None:
        """Import generated pictures, here and now, without a worker."""
        source = self.folder / f"in-{project}"
        source.mkdir()
        random = np.random.default_rng(project)
        for index in range(pictures):
            pixels = random.integers(0, 60, (48, 64, 3), dtype=np.uint8)
            pixels[..., index % 3] += 120
            Image.fromarray(pixels).save(source / f"picture-{index:02}.png")
        complete(self.graft, self.graft.imports.start(project, ImportPayload(source=str(source))))

    def pictures(self, project: ProjectId) -> list[ImageId]:
        """Ids of all pictures of a project, by name."""
        return [item.id for item in self.graft.gallery.page(project, PictureFilter(), size=1000).pictures]

    def label(self, project: ProjectId, image: ImageId, class_name: str, annotator: str = "expert") -> None:
        """Give a picture a class."""
        wanted = self.graft.projects.read(project).class_named(class_name)
        assert wanted is not None
        event = LabelEvent(
            event_id=f"test-{time.monotonic_ns()}",
            image_id=image,
            kind=LabelKind.SET,
            value=LabelValue(classes=(wanted.id,)),
            annotator=annotator,
        )
        assert not self.graft.labelling.record(project, [event]).rejected
