"""Keeps the process that asks shadows: there while some project has one, gone otherwise."""

import logging
import os
import subprocess
import sys
import time

from core.store import Store

END_TIMEOUT_S = 5.0
STEADY_AFTER_S = 60.0
"""A process that dies sooner is started again after a pause, each time a longer one."""
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
logger = logging.getLogger(__name__)


class ShadowProcess:
    """At most one process. It ends with this one, even after `kill -9`: it reads a line that closes then."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause_s = 0.0

    def look(self) -> None:
        """Start the process where it is wanted and not there, end it where it is not wanted."""
        wanted = any(live.plan.shadow is not None for live in self.store.releases.all())
        if not wanted:
            self.close()
        elif self.process is None:
            self.process = self._start()
        elif self.process.poll() is not None:
            self._start_again()

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is None:
            return
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _start_again(self) -> None:
        """Start the process once more, soon when it ran long and late when it keeps dying."""
        ran_s = time.monotonic() - self._started_at
        if not self._pause_s:
            self._pause_s = FIRST_PAUSE_S
        if ran_s > STEADY_AFTER_S + self._pause_s:
            self._pause_s = FIRST_PAUSE_S
        if ran_s < self._pause_s:
            return
        logger.warning("The process that asks shadows ended; another one is started.")
        pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        self.close()
        self.process, self._pause_s = self._start(), pause_s

    def _start(self) -> "subprocess.Popen[bytes]":
        self._started_at = time.monotonic()
        url = self.store.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "core.serve.shadows", "--home", str(self.store.home)]
        # Nothing of it comes from a person.
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, env={**os.environ, "FULL_CIRCLE_DATABASE": url}
        )
