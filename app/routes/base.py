"""What every route shares: the opened home, and errors as JSON."""

import functools
import json
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.context import graft as shared
from core.errors import BadInput, GraftError, NotFound
from core.types import JsonObject

__all__ = ["endpoint", "json_body", "shared"]

LOG = logging.getLogger("graft.web")
LARGEST_JSON = 4 * 2**20
Handler = Callable[[Request], Awaitable[Response]]


def endpoint(handler: Handler) -> Handler:
    """A handler whose errors become JSON: 404 for what is not there, 400 for what a person can mend, else 500."""

    @functools.wraps(handler)
    async def safely(request: Request) -> Response:
        try:
            return await handler(request)
        except GraftError as error:
            status = 404 if isinstance(error, NotFound) else 400
            return JSONResponse({"error": error.message, "hint": error.hint}, status_code=status)
        except Exception:  # the border to the browser: the log keeps the details
            LOG.exception("%s %s failed.", request.method, request.url.path)
            return JSONResponse({"error": "The server could not do this.", "hint": "Try again."}, status_code=500)

    return safely


async def json_body(request: Request) -> JsonObject:
    """The request's JSON object. Raises BadInput for anything else, or more than 4 MiB."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise BadInput("The request must be JSON (content type application/json).")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_JSON:
            raise BadInput("The request is larger than 4 MiB.", hint="Send fewer at a time.")
    try:
        value = json.loads(bytes(body))
    except ValueError as error:
        raise BadInput("The request is not valid JSON.") from error
    if not isinstance(value, dict):
        raise BadInput("The request must be a JSON object.")
    return value
