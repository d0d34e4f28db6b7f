"""Keeping child processes alive: start them, restart the ones that die, stop them all in the end."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.3
STOP_GRACE_S = 10.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0


@dataclass
class Child:
    """A process to keep alive. `command` is its argument list; its output goes to `log`."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    restart_at: float | None = field(default=None)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs children until told to stop.

    Parameters
    ----------
    environment : mapping
        Environment variables of the children, complete.
    folder : Path
        Working directory of the children.
    say : callable
        Called with a sentence when something happens that a person should know.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> None:
        self.environment = environment
        self.folder = folder
        self.say = say
        self.children: list[Child] = []

    def start(self, child: Child) -> None:
        """Start a child and keep it alive from now on."""
        self._spawn(child)
        self.children.append(child)

    def watch(self, should_stop: Callable[[], bool]) -> None:
        """Restart children that die, waiting longer each time, until `should_stop` says so."""
        while not should_stop():
            for child in self.children:
                if not child.alive:
                    self._revive(child)
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End all children: ask first, in reverse order of their start, then insist after 10 s."""
        running = [child for child in reversed(self.children) if child.alive]
        for child in running:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_GRACE_S
        for child in running:
            if child.process is None:
                continue
            try:
                child.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self.children.clear()

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is None:
            if now - child.started_at > STEADY_AFTER_S:
                child.pause_s = FIRST_PAUSE_S
            child.restart_at = now + child.pause_s
            code = child.process.returncode if child.process else None
            self.say(f"The {child.name} ended (exit code {code}); starting it again. What it said: {child.log}")
        elif now >= child.restart_at:
            child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)
            self._spawn(child)

    def _spawn(self, child: Child) -> None:
        child.log.parent.mkdir(parents=True, exist_ok=True)
        # A group of its own on POSIX: Ctrl-C in the terminal must reach the supervisor only, which then stops the rest.
        own_group = os.name != "nt"
        with child.log.open("ab") as output:
            child.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                list(child.command),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=own_group,
            )
        child.started_at = time.monotonic()
        child.restart_at = None
