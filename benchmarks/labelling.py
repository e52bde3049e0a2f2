"""Labelling by keyboard in a real browser, over 1,000 pictures.

Key to next picture: from the key to the first frame with the next picture drawn. Key to durable: from the key to
the server's word that the label is on disk. Burst: 100 keys as fast as they can be sent; how many labels are there.

python -m benchmarks.labelling [--keys 60] [--port 8599]
"""

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.filled import imported, write_pictures
from benchmarks.server import served
from benchmarks.table import Figure, fresh_home, percentiles, show
from core.services.address import address
from core.types import ImageState, ProjectId

PICTURES, CLASSES, BURST = 1000, 5, 100
NEXT_MS, DURABLE_MS = 50.0, 50.0

# Before any script of the page: its own listener must not come first.
PRESSED = "addEventListener('keydown', event => { window.pressed = event.timeStamp; }, { capture: true });"
WATCH = """image => {
  const seen = window.seen = { shown: [], durable: [] };
  new MutationObserver(() => {
    const from = pressed;
    const look = () => image.complete && image.naturalWidth
      ? requestAnimationFrame(() => seen.shown.push(performance.now() - from)) : requestAnimationFrame(look);
    look();
  }).observe(image, { attributes: true, attributeFilter: ["src"] });
  const original = window.fetch;
  window.fetch = async (...all) => {
    const from = pressed, answer = await original(...all);
    if (String(all[0]).endsWith("/api/labels")) seen.durable.push(performance.now() - from);
    return answer;
  };
}"""


def one_by_one(page: Page, keys: int) -> tuple[list[float], list[float]]:
    """Milliseconds from key to picture and from key to durable, one key at a time."""
    for number in range(keys):
        page.keyboard.press(str(number % CLASSES + 1))
        page.wait_for_function("n => seen.shown.length >= n && seen.durable.length >= n", arg=number + 1)
        page.wait_for_timeout(60)
    return page.evaluate("seen.shown"), page.evaluate("seen.durable")


def burst(page: Page) -> float:
    """Press 100 keys without waiting; keys per second."""
    begin = time.perf_counter()
    for number in range(BURST):
        page.keyboard.press(str(number % CLASSES + 1))
    speed = BURST / (time.perf_counter() - begin)
    page.get_by_text("All saved").wait_for(timeout=60_000)
    return speed


def _latency(name: str, middle: float, p95: float, target: float) -> Figure:
    return Figure(
        name=f"{name}, median (p95)",
        value=f"{middle:.0f} ms ({p95:.0f} ms)",
        target=f"<= {target:.0f} ms",
        met=middle <= target,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--port", type=int, default=8599)
    options = parser.parse_args()
    with fresh_home() as graft, tempfile.TemporaryDirectory() as folder, chromium() as page:
        if page is None:
            raise SystemExit("No browser can be started here.")
        write_pictures(Path(folder), 1, PICTURES)
        project = ProjectId(imported(graft, Path(folder), labels=False, classes=CLASSES))
        settings = dataclasses.replace(graft.settings, port=options.port)
        with served(settings):
            page.add_init_script(PRESSED)
            page.goto(f"{address(settings)}/label?project={project}")
            image = page.locator(".labeller img")
            image.wait_for(timeout=60_000)
            page.wait_for_timeout(2000)
            image.evaluate(WATCH)
            shown, durable = one_by_one(page, options.keys)
            speed = burst(page)
            page.wait_for_timeout(500)
        kept = graft.labelling.progress(project).by_state[ImageState.LABELLED] - options.keys
    (next_p50, next_p95), (durable_p50, durable_p95) = percentiles(shown), percentiles(durable)
    show(
        f"Labelling by keyboard, {PICTURES:,} pictures, n={options.keys}",
        [
            _latency("key to next picture", next_p50, next_p95, NEXT_MS),
            _latency("key to durable", durable_p50, durable_p95, DURABLE_MS),
            Figure(
                name=f"labels kept of {BURST} keys at {speed:.0f} keys/s",
                value=str(kept),
                target=str(BURST),
                met=kept == BURST,
            ),
        ],
    )


if __name__ == "__main__":
    main()
