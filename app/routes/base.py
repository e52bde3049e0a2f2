"""What every route shares: the opened home, numbers in addresses, and errors as JSON."""

import functools
import json
import logging
import math
from collections.abc import Awaitable, Callable

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from app.context import graft as shared
from core.errors import BadInput, GraftError, NotFound
from core.types import MOST_DIGITS, JsonObject

__all__ = ["endpoint", "json_body", "shared"]

LOG = logging.getLogger("graft.web")
LARGEST_JSON = 4 * 2**20
Handler = Callable[[Request], Awaitable[Response]]


class _Id(IntegerConvertor):
    regex = f"[0-9]{{1,{MOST_DIGITS}}}"


# `{image:id}` in a route: Starlette's own `int` takes numbers that the database cannot hold.
register_url_convertor("id", _Id())


def endpoint(handler: Handler) -> Handler:
    """A handler whose errors become JSON: 404 for what is not there, 400 for what a person can mend, else 500."""

    @functools.wraps(handler)
    async def safely(request: Request) -> Response:
        try:
            return await handler(request)
        except GraftError as error:
            status = 404 if isinstance(error, NotFound) else 400
            return JSONResponse({"error": error.message, "hint": error.hint}, status_code=status)
        except ClientDisconnect:  # the browser went away in the middle: no failure, and nobody is left to be told
            return Response(status_code=400)
        except Exception:  # the border to the browser: the log keeps the details
            LOG.exception("%s %s failed.", request.method, request.url.path)
            return JSONResponse({"error": "The server could not do this.", "hint": "Try again."}, status_code=500)

    return safely


async def json_body(request: Request) -> JsonObject:
    """The request's JSON object. Raises BadInput for anything else, more than 4 MiB, and what no table can hold."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise BadInput("The request must be JSON (content type application/json).")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_JSON:
            raise BadInput("The request is larger than 4 MiB.", hint="Send fewer at a time.")
    try:
        value = json.loads(bytes(body), parse_int=_int, parse_float=_float, parse_constant=_float)
        if b"\\ud" in body.lower():  # half a character, of the two that some are written with
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadInput("The request is not valid JSON.") from error
    if not isinstance(value, dict):
        raise BadInput("The request must be a JSON object.")
    return value


def _int(text: str) -> int | float:
    # A browser writes a label of 1e20 in digits: that is a number, and no id.
    return int(text) if len(text.lstrip("-")) <= MOST_DIGITS else _float(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadInput("The request holds a number that is too large, or is none.")
    return number
