"""What goes out: only to public addresses, never where it should not, and never too much."""

import contextlib
import datetime
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.collect.sources import guard
from core.errors import BadInputError

REFUSED = [
    *("file:///etc/passwd", "ftp://example.com/a.csv", "gopher://example.com", "data:text/csv,a,b", "//example.com"),
    *("", "example.com/a.csv", "http://", "http:///a.csv", "https://ann:hunter2@example.com/", "javascript:alert(1)"),
    *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/"),
    *("http://0/", "http://0.0.0.0/", "http://localhost/", "http://localhost./", "http://LOCALHOST/"),
    *(
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
    ),
    *("http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://100.64.0.1/", "http://[fc00::1]/"),
    *("http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://224.0.0.1/"),
    *(
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:7f00:1::]/",
        "http://255.255.255.255/",
    ),
    *("http://[::ffff:169.254.169.254]/", "http://240.0.0.1/", "http://198.18.0.1/", "http://100.100.100.200/"),
    *("http://127.0.0.1:80\\@example.com/", "http://example.com@127.0.0.1/", "http://①②⑦.⓪.⓪.①/"),
]
NEVER = ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0", "::", "224.0.0.1", "fd00:ec2::254"]  # noqa: S104


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_must_not_be_asked_is_refused_in_words(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInputError) as caught:
        guard.fetch(url, tmp_path / "answer")
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)
    assert not (tmp_path / "answer").exists()


def test_nobody_is_asked_before_the_address_is_checked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        port = canary.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "0"):
            with pytest.raises(BadInputError):
                guard.fetch(f"http://{host}:{port}/", tmp_path / "answer")
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_asked_even_where_private_ones_are_allowed(
    private_allowed: None, address: str
) -> None:
    with pytest.raises(BadInputError, match="never asked"):
        guard.check_address(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_asked(address: str) -> None:
    guard.check_address(address)


def test_an_answer_is_written_with_its_name(private_allowed: None, web, tmp_path: Path) -> None:
    fetched = guard.fetch(web.offer("/data/my table.csv".replace(" ", "%20"), "a,b\n1,2\n", "text/csv"), tmp_path / "x")
    assert (fetched.filename, fetched.media_type) == ("my table.csv", "text/csv")
    assert (tmp_path / "x").read_text() == "a,b\n1,2\n"
    assert web.asked[0][1]["host"] == web.address.removeprefix("http://")


def test_redirects_are_followed_and_checked_each_time(private_allowed: None, web, tmp_path: Path) -> None:
    web.offer("/end", "here")
    web.redirect("/middle", "/end")
    assert guard.fetch(web.redirect("/start", web.address + "/middle"), tmp_path / "x").url == web.address + "/end"
    for bad in ("http://169.254.169.254/", "file:///etc/passwd", "http://[fe80::1]/", "http://ann:pw@127.0.0.1/"):
        with pytest.raises(BadInputError, match=r"never asked|not a web address|password"):
            guard.fetch(web.redirect("/bad", bad), tmp_path / "y")
    with pytest.raises(BadInputError, match="without end"):
        guard.fetch(web.redirect("/loop", "/loop"), tmp_path / "y")


def test_a_name_that_changes_its_answer_leads_nowhere(
    private_allowed: None, web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up once: the second answer is not even asked for."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]]
    port = web.offer("/x", "hello").split(":")[2].split("/")[0]
    real = socket.getaddrinfo

    def look_up(host, *rest, **more):
        return answers.pop(0) if host == "changing.example" else real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    guard.fetch(f"http://changing.example:{port}/x", tmp_path / "x")
    assert web.asked[0][1]["host"] == f"changing.example:{port}"


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(BadInputError, match="own network"):
        guard.check_host("both.example", 80)


def test_a_token_is_not_told_to_another_server(private_allowed: None, web, other_web, tmp_path: Path) -> None:
    web.redirect("/start", other_web.offer("/end", "here"))
    guard.fetch(web.address + "/start", tmp_path / "x", headers={"Authorization": "s3cret"})
    assert web.asked[0][1]["authorization"] == "s3cret"
    assert "authorization" not in other_web.asked[0][1]


def test_too_much_is_given_up(private_allowed: None, web, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="larger than"):
        guard.fetch(web.offer("/big", bytes(300_000)), tmp_path / "x", max_bytes=100_000)


@pytest.mark.parametrize("start", [b"X-Long: ", b"Content-Length: 99999\r\n\r\n", b"X-Length: unknown\r\n\r\n"])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up(
    private_allowed: None, tmp_path: Path, start: bytes
) -> None:
    done = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + start)
            while not done.wait(0.02):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip)
        dripping.start()
        with pytest.raises(BadInputError, match="too slowly"):
            guard.fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", tmp_path / "x", max_seconds=0.5)
        done.set()
        dripping.join()


@pytest.mark.parametrize(("status", "words"), [(404, "error 404"), (401, "does not let us in"), (500, "error 500")])
def test_a_refusal_is_told(private_allowed: None, web, tmp_path: Path, status: int, words: str) -> None:
    web.answers["/x"] = lambda _path, _headers: (status, {}, b"no")
    with pytest.raises(BadInputError, match=words):
        guard.fetch(web.address + "/x", tmp_path / "x")


def test_a_server_that_is_not_there_is_told(private_allowed: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(BadInputError, match="does not answer"):
        guard.fetch(f"http://127.0.0.1:{port}/", tmp_path / "x")


@pytest.fixture
def secure_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server that proves to be good.example, by a certificate that is trusted; every name leads to it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("good.example")])
    made = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    trusted, both = tmp_path / "trusted.pem", tmp_path / "both.pem"
    trusted.write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    both.write_bytes(private + trusted.read_bytes())
    monkeypatch.setattr(certifi, "where", lambda: str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"proved")

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.HTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: here if "example" in host else real(host, *rest, **more)
    )
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_server_still_proves_itself_by_its_name(private_allowed: None, secure_port: int, tmp_path: Path) -> None:
    guard.fetch(f"https://good.example:{secure_port}/", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"proved"
    with pytest.raises(BadInputError, match="does not answer"):
        guard.fetch(f"https://evil.example:{secure_port}/", tmp_path / "y")
