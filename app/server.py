"""The web process: Streamlit's pages and Graft's own routes in one ASGI app. No torch here.

Start it with `python -m app.server`; `graft up` does so and starts the workers beside it.
"""

import importlib
import logging
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from app.guard import SameOrigin
from app.routes.base import endpoint, shared
from core.errors import NotFound
from core.services.home import leave_with_supervisor
from core.settings import Settings

ROUTE_MODULES = ("media", "labels", "uploads", "reports", "explanations", "exports")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@endpoint
async def health(request: Request) -> JSONResponse:
    """Says that the web process answers and the database opens."""
    return JSONResponse({"status": "ok", "projects": len(shared().projects.list())})


async def first_page(request: Request) -> RedirectResponse:
    """Streamlit knows its first page by the bare address alone; people and links name it like any other."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/")


@endpoint
async def nowhere(request: Request) -> JSONResponse:
    """Streamlit would answer any address with its page; a program that asked for a file or a number must not get it."""
    raise NotFound("There is nothing at this address.", hint="Open the page again that led here.")


def routes() -> list[Route]:
    """Every route of Graft's own."""
    found = [Route("/api/health", health), Route("/projects", first_page)]
    for name in ROUTE_MODULES:
        found.extend(importlib.import_module(f"app.routes.{name}").ROUTES)
    return [*found, Route("/api/{rest:path}", nowhere, methods=METHODS)]


def build(settings: Settings) -> st.App:
    """The ASGI app."""
    return st.App(
        Path(__file__).parent / "main.py",
        routes=routes(),
        middleware=[Middleware(SameOrigin, host=settings.host)],
    )


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
    settings = Settings.from_env()
    leave_with_supervisor()
    config = {"server.port": settings.port, "server.address": settings.host, "browser.gatherUsageStats": False}
    build(settings).run(config=config)


if __name__ == "__main__":
    main()
