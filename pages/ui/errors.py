"""Errors in plain words: what people can mend is shown with what to do; bugs are logged with a number to quote."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from core.errors import LifecycleError, NoDataError, NotReadyError
from pages.ui.words import plain

logger = logging.getLogger("full_circle.pages")


@contextmanager
def error_frame() -> Iterator[None]:
    """Show a problem instead of a stack trace. Around every page already; fragments and dialogs need their own."""
    try:
        yield
    except (NoDataError, NotReadyError) as error:
        st.info(plain(error.hint) or " ", title=plain(error.message), icon=":material/signpost:")
    except LifecycleError as error:
        st.error(plain(error.hint) or " ", title=plain(error.message), icon=":material/error:")
    except StopException:
        # st.stop() ends the page, not the frame below it.
        return
    except Exception:  # The border to the person at the screen: a bug must not show its insides.
        number = secrets.token_hex(4)
        logger.exception("Unexpected error %s", number)
        st.error(
            f"What is stored is safe. Load the page again; if this comes back, tell whoever runs it: **{number}**.",
            title="Something went wrong inside Full Circle.",
            icon=":material/bug_report:",
        )
