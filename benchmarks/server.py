"""The web process of a home, for benchmarks."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from core.services.address import address, answers
from core.settings import Settings


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """The web process, and the seconds from its start to its first answer; ended afterwards."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.server"],
        env={**os.environ, **settings.environ()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not answers(address(settings)):
            if process.poll() is not None or time.perf_counter() - begin > 120:
                raise SystemExit("The web process did not start.")
            time.sleep(0.02)
        yield process, time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait(20)
