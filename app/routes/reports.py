"""Reports of imports and of trainings as files."""

import functools
from collections.abc import Mapping

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes.base import endpoint, shared
from core.errors import BadInput
from core.services.reports import USUAL, Asked
from core.types import RunId, whole_number


@endpoint
async def import_report(request: Request) -> Response:
    """GET -> every line of an import's report, as CSV."""
    run_id = RunId(request.path_params["run"])
    text = await anyio.to_thread.run_sync(shared().imports.report_csv, run_id)
    name = f"import-{run_id}.csv"
    return Response(text, media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}"'})


@endpoint
async def run_report(request: Request) -> Response:
    """GET ?style=field|clinic&about=&miss=&common=&against= -> a training's report as one HTML page, to read or print.

    With `about`, what a decision about it comes to where missing one is as bad as `miss` false alarms and `common` of
    1,000 have it. With `against`, it is held against that training.
    """
    run_id, params = RunId(request.path_params["run"]), request.query_params
    make = functools.partial(shared().reports.html, against=_against(params))
    text = await anyio.to_thread.run_sync(make, run_id, params.get("style", USUAL), _asked(params))
    headers = {"cache-control": "no-store"}
    if "download" in request.query_params:
        headers["content-disposition"] = f'attachment; filename="report-run-{run_id}.html"'
    return Response(text, media_type="text/html", headers=headers)


def _asked(params: Mapping[str, str]) -> Asked | None:
    if not params.get("about"):
        return None
    try:
        common = float(params["common"]) / 1000 if params.get("common") else None
        return Asked(about=params["about"], miss=float(params.get("miss") or 5), common=common)
    except ValueError as error:
        raise BadInput("A miss and how common it is must be numbers.") from error


def _against(params: Mapping[str, str]) -> RunId | None:
    text = params.get("against", "")
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise BadInput("The training to compare with must be a number of a run.")
    return RunId(number)


ROUTES = [
    Route("/api/runs/{run:id}/report.html", run_report),
    Route("/api/imports/{run:id}/report.csv", import_report),
]
