"""The gallery at 1,000 and 100,000 pictures: the service's time for a page of 100, and a browser's until it shows it.

python -m benchmarks.gallery [--rows 1000 100000] [--calls 50] [--port 8599]
"""

import argparse
import dataclasses
import time
from collections.abc import Callable

from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.filled import rows_only
from benchmarks.server import served
from benchmarks.table import Figure, fresh_home, percentiles, show
from core.graft import Graft
from core.services.address import address
from core.services.gallery import PictureFilter
from core.settings import Settings
from core.types import ImageId, ImageState, ProjectId

SERVICE_P95_MS = 50.0


def timed(calls: int, work: Callable[[], object]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    work()
    spent = []
    for _ in range(calls):
        begin = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begin) * 1000)
    return percentiles(spent)


def services(graft: Graft, project: ProjectId, rows: int, calls: int) -> dict[str, tuple[float, float]]:
    """What the page asks, each alone."""
    plain, middle = PictureFilter(), ImageId(rows // 2)
    filtered = PictureFilter(state=ImageState.UNLABELLED, group="field 3")
    return {
        "first page": timed(calls, lambda: graft.gallery.page(project, plain)),
        "page in the middle": timed(calls, lambda: graft.gallery.page(project, plain, after=middle)),
        "filtered page": timed(calls, lambda: graft.gallery.page(project, filtered)),
        "count": timed(calls, lambda: graft.gallery.count(project, plain)),
        "progress per class": timed(calls, lambda: graft.labelling.progress(project)),
    }


def shown(page: Page, settings: Settings, project: ProjectId) -> tuple[float, float]:
    """Milliseconds from the address to the first thumbnail, over five loads."""
    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        page.goto(f"{address(settings)}/gallery?project={project}")
        page.locator("img[src*='/api/']").first.wait_for(timeout=60_000)
        spent.append((time.perf_counter() - begin) * 1000)
    return percentiles(spent)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--port", type=int, default=8599)
    options = parser.parse_args()
    figures: list[Figure] = []
    with fresh_home() as graft, chromium() as page:
        projects = {rows: rows_only(graft, rows) for rows in options.rows}
        found = {rows: services(graft, project, rows, options.calls) for rows, project in projects.items()}
        least = found[options.rows[0]]
        for rows, times in found.items():
            for name, (middle, late) in times.items():
                figures.append(
                    Figure(
                        name=f"{rows:,} pictures, {name}, n={options.calls}",
                        value=f"p50 {middle:.1f} ms, p95 {late:.1f} ms",
                        floor=f"p50 {least[name][0]:.1f} ms at {options.rows[0]:,}",
                        ratio=middle / least[name][0],
                        target=f"p95 <= {SERVICE_P95_MS:.0f} ms",
                        met=late <= SERVICE_P95_MS,
                    )
                )
        settings = dataclasses.replace(graft.settings, port=options.port)
        if page is not None:
            with served(settings):
                for rows, project in projects.items():
                    middle, late = shown(page, settings, project)
                    value = f"p50 {middle:.0f} ms, p95 {late:.0f} ms"
                    figures.append(Figure(name=f"{rows:,} pictures, address to first thumbnail, n=5", value=value))
    show("The gallery, a page of 100", figures)


if __name__ == "__main__":
    main()
