"""The web process's address: how a browser writes it, whether Graft answers there, whether it is free."""

import errno
import http.client
import socket
import urllib.request

from core.errors import GraftError
from core.settings import Settings


def address(settings: Settings) -> str:
    """Where the web process answers, as a browser on this machine must write it."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def answers(url: str) -> bool:
    """Whether a Graft answers at this address."""
    # No proxy: the address is this machine's own, whatever the environment says of others.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/api/health", timeout=3) as reply:
            return bool(reply.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def check_free(settings: Settings) -> None:
    """Raise GraftError with the way out if the web process could not listen at the settings' address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                message = f"{settings.host} is not an address of this machine."
                raise GraftError(message, hint="Use 127.0.0.1, or 0.0.0.0 to serve a network (--host).") from error
            if error.errno == errno.EACCES:
                message = f"Port {settings.port} may not be used without special rights."
                raise GraftError(message, hint="Choose one above 1023: graft up --port 8501.") from error
            whose = "another Graft" if answers(address(settings)) else "another program"
            raise GraftError(
                f"Port {settings.port} is taken by {whose}.",
                hint=f"Choose another one: graft up --port {settings.port + 1}, or set GRAFT_PORT.",
            ) from error
