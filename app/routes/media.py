"""Pictures and thumbnails. Ids and addresses only: no route takes a path."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.routes.base import endpoint, shared
from core.errors import NotFound, PictureLost
from core.types import ImageId

# A blob's address is its content's hash: what it names never changes.
CACHE = {"cache-control": "private, max-age=86400, immutable"}
SIZES = ("thumb", "full")
TYPES = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png"}


def _answer(blob: str, size: str, name: str = "") -> Response:
    if size not in SIZES:
        raise NotFound(f"Pictures are shown as {' or '.join(SIZES)}, not as {size[:40]!r}.")
    store = shared().gallery.store
    try:
        # The picture itself is held against its hash: who labels must not judge by a damaged one.
        content: bytes = store.thumb(blob).read_bytes() if size == "thumb" else store.read(blob)
    except PictureLost as error:
        raise NotFound(error.named(name) if name else error.message, hint=error.hint) from error
    return Response(content, media_type=TYPES.get(content[:2], "application/octet-stream"), headers=CACHE)


@endpoint
async def image(request: Request) -> Response:
    """GET /api/image/{id}/thumb|full."""
    image_id, size = ImageId(request.path_params["image"]), request.path_params["size"]

    def answer() -> Response:
        record = shared().gallery.image(image_id)
        return _answer(record.blob, size, record.original_name)

    return await anyio.to_thread.run_sync(answer)


@endpoint
async def blob(request: Request) -> Response:
    """GET /api/blob/{sha}/thumb|full."""
    return await anyio.to_thread.run_sync(_answer, request.path_params["sha"], request.path_params["size"])


ROUTES = [
    Route("/api/image/{image:id}/{size:str}", image),
    Route("/api/blob/{sha:str}/{size:str}", blob),
]
