"""`graft forecast`, `graft robustness`, `graft changed` and `graft resembles`: more to know of a trained model."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from app.commands.base import Home, Json, finished, opened, picture_of, show, table
from app.commands.training import RunArgument
from core.types import RunId
from core.words import count, enumerated, too_far, with_interval

USUAL_MORE = 50


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (forecast, robustness, changed, resembles):
        app.command()(command)


def forecast(
    run: RunArgument,
    more: Annotated[int, typer.Option(min=1, metavar="N", help="So many more pictures of a class.")] = USUAL_MORE,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Forecast what more pictures of each class should bring."""
    with opened(home) as graft:
        from core.services.forecasts import forecast_json

        ended = finished(graft, graft.forecasts.start(RunId(run)), as_json)
        view = graft.forecasts.view(ended)
        assert view is not None  # it is done
        value = {"run": ended.id, "model": run, **forecast_json(view, more)}
    lines = [
        [item.name, item.pictures, item.now.value, item.then.value, item.gain.low, item.gain.high, _yes(item.clear)]
        for item in view.expectations(more)
    ]
    header = ["class", "pictures", "found now", f"with {more} more", "rise from", "to", "clear"]
    few = f"\nNot enough pictures of: {enumerated(view.few)}." if view.few else ""
    if far := view.too_far(more):
        few += "\n" + too_far(enumerated(far), more)
    poor = "\nThe head it rests on tells these classes poorly: a direction at most." if view.poor else ""
    show(value, table(header, lines) + few + poor, as_json)


def robustness(run: RunArgument, home: Home = None, as_json: Json = False) -> None:
    """Test how a model takes worse pictures. They are shifted, turned, blurred, noisy, darker or smaller."""
    with opened(home) as graft:
        ended = finished(graft, graft.robustness.start(RunId(run)), as_json)
        view = graft.robustness.view(ended)
    assert view is not None  # it is done
    kinds: Any = (ended.result or {})["kinds"]
    unit = 1 if view.numbers else 100
    lines = [[kind["title"], *_with_ends(kind["right"], kind["interval"], unit)] for kind in kinds]
    what = "Typical error" if view.numbers else "Percent right"
    spoilt = "as they are and spoilt more and more, with 95% intervals"
    head = f"{what} on {count(view.pictures, 'test picture')}, {spoilt}."
    header = ["spoilt by", "as it is", *"12345"]
    value = {"run": ended.id, "model": run, **(ended.result or {})}
    show(value, f"{head}\n\n{table(header, lines)}", as_json)


def _with_ends(values: Sequence[float], intervals: Sequence[Sequence[float] | None], unit: int) -> list[str]:
    if unit == 1:
        pairs = zip(values, intervals, strict=True)
        return [f"{value:.3g}" if pair is None else with_interval(value, *pair) for value, pair in pairs]
    ends = ["" if pair is None else f" ({pair[0] * unit:.0f} to {pair[1] * unit:.0f})" for pair in intervals]
    return [f"{value * unit:.0f}{pair}" for value, pair in zip(values, ends, strict=True)]


def changed(run: RunArgument, home: Home = None, as_json: Json = False) -> None:
    """Compare a model with the network it started as. The parts are compared one by one."""
    with opened(home) as graft:
        ended = finished(graft, graft.changes.start(RunId(run)), as_json)
        view = graft.changes.view(ended)
    assert view is not None  # it is done
    lines = [[item.number, item.likeness, item.distance] for item in view.layers]
    head = f"On {count(view.pictures, 'picture')} it did not learn from. It began with: {view.start}."
    value = {"run": ended.id, "model": run, **(ended.result or {})}
    show(value, f"{head}\n\n{table(['part', 'stayed alike', 'weights moved'], lines)}", as_json)


def resembles(
    run: RunArgument,
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="A picture of the project: its file's name, or its number.")
    ],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Find the training pictures that a picture resembles. Also the nearest of another class."""
    with opened(home) as graft:
        picture = picture_of(graft, RunId(run), image)
        asked = graft.neighbours.request(RunId(run), picture)
        ended = finished(graft, asked, as_json)
        (view,) = graft.neighbours.views(ended)
    found = {"nearest": view.nearest, "others": view.others}
    value = {
        "run": ended.id,
        "model": run,
        "image": picture,
        "said": view.said,
        **{
            part: [
                {"image": item.image, "name": item.name, "label": item.label, "distance": item.distance}
                for item in items
            ]
            for part, items in found.items()
        },
    }
    words = {"nearest": "Nearest training pictures", "others": "Nearest of another label"}
    parts = [
        f"{words[part]}\n{table(['picture', 'file', 'label', 'distance'], lines)}"
        for part, items in found.items()
        if (lines := [[item.image, item.name, item.label, item.distance] for item in items])
    ]
    head = f"The model says: {view.said}.\n\n" if view.said else ""
    show(value, head + "\n\n".join(parts), as_json)


def _yes(clear: bool) -> str:
    return "yes" if clear else "no"
