"""Heatmaps asked for by the viewer, and predictions as a table."""

import functools
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from app.routes.base import endpoint, json_body, shared
from app.routes.media import CACHE
from core.errors import BadInput, NotFound
from core.services.circles import Circle
from core.services.explanations import HeatmapView
from core.services.predictions import By
from core.types import ImageId, JsonObject, JsonValue, RunId, whole_number

PATIENCE_S = 60.0
"""The slow methods take some ten seconds on an old computer; nothing takes longer while its worker lives."""


@endpoint
async def ask(request: Request) -> Response:
    """POST {model, image or blob, target, method} -> the heatmap's address and what the model said."""
    body = await json_body(request)
    return JSONResponse(await anyio.to_thread.run_sync(_answer, body), headers={"cache-control": "no-store"})


def _answer(body: JsonObject) -> JsonObject:
    model, image, target = body.get("model"), body.get("image"), body.get("target")
    if type(model) is not int or type(image) not in (int, type(None)) or type(target) not in (int, type(None)):
        raise BadInput("Send the number of a model, and of an image or the address of a picture.")
    explanations = shared().explanations
    run = explanations.request(
        RunId(model),
        image=ImageId(image) if isinstance(image, int) else None,
        blob=str(body.get("blob") or ""),
        target=target if isinstance(target, int) else None,
        method=str(body.get("method") or "gradcam"),
    )
    return _heatmap(run, explanations.wait(run, PATIENCE_S))


def _heatmap(run: RunId, view: HeatmapView) -> JsonObject:
    return {
        "run": run,
        "url": f"/api/heatmap/{run}.png?v={view.path.stem}",
        "empty": view.empty,
        "target": view.target,
        "class": view.class_name,
        "probability": view.probability,
        "said": view.said,
        "probabilities": list[JsonValue](view.probabilities),
        "number": view.number,
    }


@endpoint
async def circle(request: Request) -> Response:
    """POST {image, annotator, circles: [[x, y, rx, ry], ...], seen: the same before} -> {circled}. Durable.

    `circled` is how many pictures carry any.
    """
    body = await json_body(request)
    image, drawn, seen = body.get("image"), body.get("circles"), body.get("seen")
    if type(image) is not int or not isinstance(drawn, list) or not isinstance(seen, list | None):
        raise BadInput("Send the number of an image, and a list of circles.")
    save = functools.partial(
        shared().circles.save,
        ImageId(image),
        [_circle(item) for item in drawn],
        str(body.get("annotator") or "expert")[:200],
        seen=None if seen is None else [_circle(item) for item in seen],
    )
    return JSONResponse({"circled": await anyio.to_thread.run_sync(save)})


def _circle(value: JsonValue) -> Circle:
    if not isinstance(value, list) or len(value) != 4:
        raise BadInput("A circle is four numbers: its middle and its radii.")
    numbers = [item for item in value if isinstance(item, int | float) and not isinstance(item, bool)]
    if len(numbers) != 4:
        raise BadInput("A circle is four numbers: its middle and its radii.")
    return Circle(*(float(item) for item in numbers))


@endpoint
async def heatmap(request: Request) -> Response:
    """GET /api/heatmap/{run}.png."""
    view = await anyio.to_thread.run_sync(shared().explanations.read, RunId(request.path_params["run"]))
    return _picture(view.path)


@endpoint
async def of_gallery(request: Request) -> Response:
    """GET /api/heatmaps/{run}/{image}.png: the heatmap of one picture of a gallery."""
    where = RunId(request.path_params["run"]), ImageId(request.path_params["image"])
    return _picture(await anyio.to_thread.run_sync(shared().heatmaps.file, *where))


@endpoint
async def of_class(request: Request) -> Response:
    """GET /api/heatmaps/{run}/mean/{target}.png: the mean heatmap of a class over its mean picture."""
    where = RunId(request.path_params["run"]), int(request.path_params["target"])
    return _picture(await anyio.to_thread.run_sync(shared().heatmaps.mean, *where))


def _picture(path: Path) -> Response:
    if not path.is_file():
        raise NotFound("This heatmap is not there any more.", hint="Ask for it again.")
    return FileResponse(path, media_type="image/png", headers=CACHE)


@endpoint
async def predictions_csv(request: Request) -> Response:
    """GET ?promise=90&to=all&group= -> what a model said of each new picture, and how often that holds, as CSV."""
    run_id = RunId(request.path_params["run"])
    percent, to = request.query_params.get("promise", "90"), request.query_params.get("to", "all")
    asked = whole_number(percent)
    coverage = 0.9 if asked is None else min(max(asked, 50), 99) / 100
    promised: dict[str, By] = {"class": "class", "group": "group"}
    by, group = promised.get(to, "all"), request.query_params.get("group", "")
    text = await anyio.to_thread.run_sync(shared().predictions.csv, run_id, coverage, by, group)
    headers = {"content-disposition": f'attachment; filename="predictions-{run_id}.csv"'}
    return Response(text, media_type="text/csv", headers=headers)


ROUTES = [
    Route("/api/explanations", ask, methods=["POST"]),
    Route("/api/circles", circle, methods=["POST"]),
    Route("/api/heatmap/{run:id}.png", heatmap),
    Route("/api/heatmaps/{run:id}/{image:id}.png", of_gallery),
    Route("/api/heatmaps/{run:id}/mean/{target:id}.png", of_class),
    Route("/api/predictions/{run:id}.csv", predictions_csv),
]
