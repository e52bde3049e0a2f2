"""What every page and route stands on: the opened home, and errors told calmly."""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from app.parts.refusal import refused
from core.errors import DiskFull, GraftError, is_full
from core.graft import Graft, open_graft
from core.settings import Settings

Given = ParamSpec("Given")
LOG = logging.getLogger("graft.web")


def graft() -> Graft:
    """The home named by the environment, opened once per process."""
    return _opened(Settings.from_env())


@functools.cache
def _opened(settings: Settings) -> Graft:
    return open_graft(settings)


def guarded(render: Callable[Given, None]) -> Callable[Given, None]:
    """A page that tells its errors in words instead of a stack trace.

    Dialogs and fragments, which run without their page when something in them is pressed, are guarded on their own.
    """

    @functools.wraps(render)
    def safely(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            render(*args, **kwargs)
        except GraftError as error:
            refused(error)
        except Exception as error:  # the border to the person: the log keeps the details
            LOG.exception("The page %s failed.", render.__module__)
            st.error(
                str(DiskFull())
                if is_full(error)
                else "This page could not be shown. Nothing is lost: reload it, or go to another page. "
                "The log of the web process says why.",
                icon=":material/error:",
            )

    return safely
