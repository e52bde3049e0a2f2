"""Files from the browser, in pieces that can be resumed; nothing is ever whole in memory."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.routes.base import endpoint, json_body, shared
from core.errors import BadInput
from core.services.imports import ImportPayload
from core.types import JsonObject, ProjectId, whole_number

PIECE = 2**20
TEXT_OPTIONS = ("labels_csv", "file_column", "label_column", "case_column", "group_column", "date_column")


def _whole(value: object, name: str) -> int:
    if type(value) is not int:
        raise BadInput(f"{name} must be a whole number.")
    return value


@endpoint
async def announce(request: Request) -> Response:
    """POST {project, batch, name, size} -> {id, offset}."""
    body = await json_body(request)
    view = await anyio.to_thread.run_sync(
        shared().uploads.announce,
        ProjectId(_whole(body.get("project"), "project")),
        str(body.get("batch", "")),
        str(body.get("name", "")),
        _whole(body.get("size"), "size"),
    )
    return JSONResponse({"id": view.id, "offset": view.offset})


@endpoint
async def offset(request: Request) -> Response:
    """HEAD -> Upload-Offset: how many bytes are here."""
    view = await anyio.to_thread.run_sync(shared().uploads.read, request.path_params["upload_id"])
    return Response(headers={"Upload-Offset": str(view.offset), "Cache-Control": "no-store"})


@endpoint
async def append(request: Request) -> Response:
    """PATCH with Upload-Offset and raw bytes -> {offset}. What arrived before a broken connection stays."""
    upload_id, uploads, buffer = request.path_params["upload_id"], shared().uploads, bytearray()
    position = whole_number(request.headers.get("upload-offset", ""))
    if position is None:
        raise BadInput("The header Upload-Offset must be a number of bytes.")
    async for chunk in request.stream():
        buffer += chunk
        if len(buffer) >= PIECE:
            view = await anyio.to_thread.run_sync(uploads.append, upload_id, position, bytes(buffer))
            position, buffer = view.offset, bytearray()
    view = await anyio.to_thread.run_sync(uploads.append, upload_id, position, bytes(buffer))
    return JSONResponse({"offset": view.offset})


@endpoint
async def start_import(request: Request) -> Response:
    """POST {project, options} -> {run}: import a batch that has fully arrived."""
    body = await json_body(request)
    project = ProjectId(_whole(body.get("project"), "project"))
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise BadInput("options must be an object.")
    payload = _payload(request.path_params["batch"], options)
    run = await anyio.to_thread.run_sync(shared().imports.start, project, payload)
    return JSONResponse({"run": run})


def _payload(batch: str, options: JsonObject) -> ImportPayload:
    texts = {name: str(options.get(name) or "") for name in TEXT_OPTIONS}
    return ImportPayload(
        source=f"upload:{batch}",
        folder_labels=bool(options.get("folder_labels", True)),
        create_classes=bool(options.get("create_classes", True)),
        overrule=bool(options.get("overrule", False)),
        **texts,
    )


@endpoint
async def seal(request: Request) -> Response:
    """POST {project} -> {files}: close a batch, so that a prediction can read it."""
    project = ProjectId(_whole((await json_body(request)).get("project"), "project"))
    files = await anyio.to_thread.run_sync(shared().uploads.seal, project, request.path_params["batch"])
    return JSONResponse({"files": files})


ROUTES = [
    Route("/api/uploads", announce, methods=["POST"]),
    Route("/api/uploads/{upload_id:str}", append, methods=["PATCH"]),
    Route("/api/uploads/{upload_id:str}", offset, methods=["HEAD"]),
    Route("/api/uploads/{batch:str}/import", start_import, methods=["POST"]),
    Route("/api/uploads/{batch:str}/seal", seal, methods=["POST"]),
]
