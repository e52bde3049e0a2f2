"""How fast pictures by formula are drawn, on one core and on the machine's GPU if it has one.

python -m benchmarks.formula [--size 96]
"""

import argparse
import statistics
import time

import torch

from benchmarks.table import Figure, one_core, show
from core.formula import FormulaPictures

BATCH, TARGET = 64, 150


def per_second(pictures: FormulaPictures, repeats: int) -> float:
    """Pictures per second of processor time (CPU) or of wall clock (GPU)."""
    clock = time.process_time if pictures.device == "cpu" else time.perf_counter
    rates = []
    for turn in range(repeats + 1):  # the first warms up
        positions = (torch.arange(BATCH) * 997 + turn) % pictures.count
        begin = clock()
        pictures.read(positions).cpu()
        rates.append(BATCH / (clock() - begin))
    return statistics.median(rates[1:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    pictures = FormulaPictures(size=options.size)
    torch.set_num_threads(1)
    with one_core():
        rate = per_second(pictures, options.repeats)
    target, met = (f">= {TARGET}", rate >= TARGET) if options.size == 96 else ("", None)
    figures = [Figure(name="pictures/s, one core", value=f"{rate:.0f}", target=target, met=met)]
    if torch.cuda.is_available():
        rate = per_second(FormulaPictures(size=options.size, device="cuda"), options.repeats)
        figures.append(Figure(name=f"pictures/s, {torch.cuda.get_device_name()}", value=f"{rate:.0f}"))
    show(f"pictures by formula, {options.size} px, n={options.repeats}", figures)


if __name__ == "__main__":
    main()
