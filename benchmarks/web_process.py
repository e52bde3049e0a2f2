"""The web process: seconds from its start to a page that is ready, and its memory after an upload of 2 GB in pieces.

python -m benchmarks.web_process [--megabytes 2048] [--port 8599]
"""

import argparse
import http.client
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.browser import chromium
from benchmarks.server import served
from benchmarks.table import Figure, show
from core.graft import open_graft
from core.settings import Settings
from core.types import Task

PIECE = 8 * 2**20
READY_S, MOST_MB = 5.0, 400


def page_ready(settings: Settings, begin: float) -> float | None:
    """Seconds from the start to the first page drawn in a browser; None without one."""
    with chromium() as page:
        if page is None:
            return None
        opened = time.perf_counter()
        page.goto(f"http://127.0.0.1:{settings.port}/")
        page.get_by_role("heading", name="Projects").wait_for(timeout=60_000)
        return begin + time.perf_counter() - opened


def pieces(total: int) -> Iterator[bytes]:
    """That many bytes that do not compress."""
    block = os.urandom(2**20)
    for _ in range(total // len(block)):
        yield block


def upload(settings: Settings, memory: psutil.Process, project: int, megabytes: int) -> tuple[float, float]:
    """Send one large file as the browser does; MB/s and the largest memory of the web process in MB."""
    total, largest = megabytes * 2**20, 0.0
    link = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=600)
    host = {"Origin": f"http://127.0.0.1:{settings.port}"}
    body = json.dumps({"project": project, "batch": "benchmark", "name": "large.zip", "size": total})
    link.request("POST", "/api/uploads", body, {**host, "Content-Type": "application/json"})
    answer = json.loads(link.getresponse().read())
    offset, begin = 0, time.perf_counter()
    while offset < total:
        size = min(PIECE, total - offset)
        link.request(
            "PATCH",
            f"/api/uploads/{answer['id']}",
            pieces(size),
            {**host, "Upload-Offset": str(offset), "Content-Length": str(size)},
        )
        offset = json.loads(link.getresponse().read())["offset"]
        largest = max(largest, memory.memory_info().rss / 2**20)
    return megabytes / (time.perf_counter() - begin), largest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--port", type=int, default=8599)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="graft-benchmark-") as folder:
        settings = Settings(home=Path(folder), port=options.port, device="cpu")
        project = open_graft(settings).projects.create("Benchmark", Task.SINGLE)
        with served(settings) as (process, seconds):
            ready = page_ready(settings, seconds)
            memory = psutil.Process(process.pid)
            before, spent = memory.memory_info().rss / 2**20, sum(memory.cpu_times()[:2])
            speed, largest = upload(settings, memory, project, options.megabytes)
    figures = [Figure(name="start to /api/health", value=f"{seconds:.1f} s")]
    if ready is not None:
        figures.append(
            Figure(
                name="start to first page drawn",
                value=f"{ready:.1f} s",
                target=f"<= {READY_S:.0f} s",
                met=ready <= READY_S,
            )
        )
    figures += [
        Figure(name="processor time spent until then", value=f"{spent:.1f} s"),
        Figure(name="memory before the upload", value=f"{before:.0f} MB"),
        Figure(
            name=f"largest memory, upload of {options.megabytes} MB",
            value=f"{largest:.0f} MB",
            target=f"<= {MOST_MB} MB",
            met=largest <= MOST_MB,
        ),
        Figure(name="upload", value=f"{speed:.0f} MB/s"),
    ]
    show("The web process", figures)


if __name__ == "__main__":
    main()
