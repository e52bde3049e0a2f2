"""Reports of imports and of trainings as files."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes.base import endpoint, shared
from core.services.reports import USUAL
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
    """GET ?style=field|clinic -> a training's report as one HTML page, to read, print or keep."""
    run_id, style = RunId(request.path_params["run"]), request.query_params.get("style", USUAL)
    text = await anyio.to_thread.run_sync(shared().reports.html, run_id, style)
    headers = {"cache-control": "no-store"}
    if "download" in request.query_params:
        headers["content-disposition"] = f'attachment; filename="report-run-{run_id}.html"'
    return Response(text, media_type="text/html", headers=headers)


ROUTES = [
    Route("/api/runs/{run:int}/report.html", run_report),
    Route("/api/imports/{run:int}/report.csv", import_report),
]
