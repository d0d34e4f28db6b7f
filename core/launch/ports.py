"""Which port can be used? Asks the operating system by binding it."""

import socket
from collections.abc import Collection

from core.errors import ConflictError

N_TRIES = 50


def choose_port(host: str, wanted: int, *, spoken_for: Collection[int] = ()) -> int:
    """Return `wanted` when it is free on `host`, else the next free port above it.

    Parameters
    ----------
    spoken_for : collection of int
        Ports that somebody else is about to take.

    Raises
    ------
    ConflictError
        When none of the next 50 ports is free.
    """
    for port in range(wanted, wanted + N_TRIES):
        if port not in spoken_for and _is_free(host, port):
            return port
    raise ConflictError(
        f"The ports {wanted} to {wanted + N_TRIES - 1} are all taken.", "Choose another one with --port."
    )


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
