"""Who sends too slowly or without end is closed; a good client beside them never notices."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from tests.service.conftest import Live

N_SLOW = 40


def connect(live: Live) -> socket.socket:
    address = urlsplit(live.address)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=20)


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1 << 16) == b""
    except ConnectionError:
        return True


def feed_slowly(connection: socket.socket, parts: bytes) -> float:
    """Send a byte a second until the other side closes; return after how many seconds it did."""
    started = time.monotonic()
    for byte in parts:
        try:
            connection.send(bytes([byte]))
            connection.settimeout(1)
            if connection.recv(1 << 16) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    connection.close()
    return time.monotonic() - started


@pytest.mark.slow
def test_slow_connections_are_closed_within_15_seconds_while_a_good_client_sees_no_error(live: Live) -> None:
    head = f"POST /v1/{live.slug}/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    took: list[float] = []

    def be_slow(number: int) -> None:
        connection = connect(live)
        if number % 2:  # The head comes at once, the body by the byte.
            connection.send(head + b"Content-Length: 1000\r\n\r\n")
            took.append(feed_slowly(connection, b" " * 60))
        else:
            took.append(feed_slowly(connection, head))

    threads = [threading.Thread(target=be_slow, args=(number,)) for number in range(N_SLOW)]
    for thread in threads:
        thread.start()
    n_answered = 0
    while any(thread.is_alive() for thread in threads):
        live.client.predict(live.slug, [live.row()])
        n_answered += 1
        time.sleep(0.02)
    assert len(took) == N_SLOW
    assert max(took) < 15
    assert min(took) > 8
    assert n_answered > 50
    assert "Traceback" not in live.store.files.log("serve").read_text(errors="replace")


@pytest.mark.slow
def test_a_connection_that_says_nothing_is_closed(live: Live) -> None:
    with connect(live) as connection:
        assert is_closed(connection)


def test_a_head_without_end_is_refused(live: Live) -> None:
    with connect(live) as connection:
        connection.send(b"GET /ping HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            connection.sendall(b"X: %s\r\n" % (b"x" * 1000) * 100_000)
    assert live.http.get("/ping").status_code == 200


@pytest.mark.slow
def test_a_connection_may_be_kept_longer_than_a_request_may_take(live: Live) -> None:
    assert live.http.get("/ping").status_code == 200
    time.sleep(11)
    assert live.http.get("/ping").status_code == 200
