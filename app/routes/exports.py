"""Exports on their way to the browser."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.routes.base import endpoint, shared
from core.types import RunId


@endpoint
async def export_file(request: Request) -> Response:
    """GET -> the zip that an export made, piece by piece from the disk."""
    path = await anyio.to_thread.run_sync(shared().exports.path, RunId(request.path_params["run"]))
    return FileResponse(path, media_type="application/zip", filename=path.name)


ROUTES = [Route("/api/exports/{run:id}/file", export_file)]
