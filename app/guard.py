"""Who may talk to the web process: pages it served itself, under a host name it knows."""

from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})
HEADERS = {"x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN", "referrer-policy": "same-origin"}


class SameOrigin:
    """ASGI middleware against foreign pages (cross-site requests) and foreign names (DNS rebinding).

    Streamlit's own token protects only its own paths, so this looks at every request: the Host must be a name
    of this server, and a page elsewhere, which its browser names in Origin or Sec-Fetch-Site, is refused.
    When Graft serves a network (`host` is 0.0.0.0 or ::), any name may be its own, but Origin must still match it.
    """

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        self.app = app
        self.names = None if host in EVERYWHERE else LOCAL | {host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 403."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope), own=scope["path"].startswith("/api/"))
        if refusal and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal:
            await JSONResponse({"error": refusal, "hint": ""}, status_code=403)(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send))

    def _refusal(self, headers: Headers, *, own: bool) -> str:
        host = headers.get("host", "")
        if self.names is not None and _split(f"//{host}").hostname not in self.names:
            return "This address is not one of this server's names."
        origin = headers.get("origin")
        if origin is not None and _split(origin).netloc != host:
            return "Requests from other sites are refused."
        if own and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "Requests from other sites are refused."
        return ""


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # such as an open bracket: no address, and nobody's name
        return SplitResult("", "", "", "", "")


def _with_headers(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return add
