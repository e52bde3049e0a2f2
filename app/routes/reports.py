"""Reports of imports and of trainings as files."""

from collections.abc import Mapping

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes.base import endpoint, shared
from core.errors import BadInput
from core.services.reports import USUAL, Asked
from core.types import RunId


@endpoint
async def import_report(request: Request) -> Response:
    """GET -> every line of an import's report, as CSV."""
    run_id = RunId(request.path_params["run"])
    text = await anyio.to_thread.run_sync(shared().imports.report_csv, run_id)
    name = f"import-{run_id}.csv"
    return Response(text, media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}"'})


@endpoint
async def run_report(request: Request) -> Response:
    """GET ?style=field|clinic&about=&miss=&common= -> a training's report as one HTML page, to read, print or keep.

    With `about`, what a decision about it comes to where missing one is as bad as `miss` false alarms and `common` of
    1,000 have it.
    """
    run_id, style = RunId(request.path_params["run"]), request.query_params.get("style", USUAL)
    text = await anyio.to_thread.run_sync(shared().reports.html, run_id, style, _asked(request.query_params))
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


ROUTES = [
    Route("/api/runs/{run:int}/report.html", run_report),
    Route("/api/imports/{run:int}/report.csv", import_report),
]
