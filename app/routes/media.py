"""Pictures and thumbnails. Ids and addresses only: no route takes a path."""

from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.routes.base import endpoint, shared
from core.errors import NotFound
from core.types import ImageId

# A blob's address is its content's hash: what it names never changes.
CACHE = {"cache-control": "private, max-age=86400, immutable"}
TYPES = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png"}


def _answer(blob: str, size: str) -> Response:
    store = shared().gallery.store
    path: Path = store.thumb(blob) if size == "thumb" else store.path(blob)
    if not path.is_file():
        raise NotFound("This picture is not in the store.")
    with path.open("rb") as file:
        kind = TYPES.get(file.read(2), "application/octet-stream")
    return FileResponse(path, media_type=kind, headers=CACHE)


@endpoint
async def image(request: Request) -> Response:
    """GET /api/image/{id}/thumb|full."""
    image_id, size = ImageId(request.path_params["image"]), request.path_params["size"]
    return await anyio.to_thread.run_sync(lambda: _answer(shared().gallery.image(image_id).blob, size))


@endpoint
async def blob(request: Request) -> Response:
    """GET /api/blob/{sha}/thumb|full."""
    return await anyio.to_thread.run_sync(_answer, request.path_params["sha"], request.path_params["size"])


ROUTES = [
    Route("/api/image/{image:int}/{size:str}", image),
    Route("/api/blob/{sha:str}/{size:str}", blob),
]
