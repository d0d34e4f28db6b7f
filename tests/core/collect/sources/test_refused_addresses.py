"""Addresses that must never be asked: each is refused in words, and canaries that listen on this machine hear nothing.

The canaries stand on IPv4 and IPv6; every address below that could lead to this machine carries their port.
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core import plan
from core.collect import sources
from core.collect.sources import guard
from core.collect.sources.broker import Broker
from core.errors import BadInputError
from core.store import Store, open_store

HOSTS = [
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.0x1"),
    *("0177.0.0.1", "0177.1", "017700000001", "0", "0.0.0.0", "0x0", "00000000000"),  # noqa: S104
    *("localhost", "localhost.", "LOCALHOST", "LocalHost.", "ip6-localhost", "localhost.localdomain"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]", "[2001:0:7f00:1::]"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1", "１２７.0.0.1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "127.0.0.1."),
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "192.0.0.192", "198.18.0.1"),
    *("169.254.169.254", "[fe80::1]", "[fe80::1%25lo]", "[fd00:ec2::254]", "[fc00::1]", "100.100.100.200"),
    *("2852039166", "0xa9fea9fe", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[ff02::1]"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255"),
]
WEB = [
    *(f"http://{host}:{{port}}/" for host in HOSTS),
    *("https://127.0.0.1:{port}/", "http://example.com@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@example.com/"),
    *("http://127.0.0.1:{port}#@example.com/", "http://ann:pw@localhost:{port}/", "http://127.0.0.1%00.example.com/"),
    *("http://127.0.0.1%2f@example.com:{port}/", "http:127.0.0.1:{port}", "http:///127.0.0.1:{port}/", "//127.0.0.1/"),
    *("file:///etc/passwd", "file://127.0.0.1/etc/passwd", "FILE:/etc/passwd", "gopher://127.0.0.1:{port}/_x"),
    *("dict://127.0.0.1:{port}/x", "ftp://127.0.0.1:{port}/x", "ldap://127.0.0.1:{port}/x", "tftp://127.0.0.1/x"),
    *("data:text/csv,a,b", "jar:http://127.0.0.1:{port}/!/x", "unix:///var/run/docker.sock", "http+unix://%2Ftmp/x"),
    *("javascript:1", "", "   ", "127.0.0.1:{port}", "http://", "http://[::1", "http://127.0.0.1:99999/"),
]
DATABASES = [
    *(f"postgresql://ann@{host}:{{port}}/x" for host in HOSTS if not host.startswith(("①", "ⓛ", "[fe80::1%"))),
    *("mysql://ann@127.0.0.1:{port}/x", "mariadb://ann@localhost:{port}/x", "mysql://ann@[::1]:{port}/x"),
    *("mysql://ann@2130706433:{port}/x", "mysql://ann@0x7f.1:{port}/x", "mysql+pymysql://ann@0:{port}/x"),
    *(
        "postgresql+psycopg2://127.0.0.1:{port}/x",
        "postgresql+asyncpg://127.0.0.1:{port}/x",
        "redis://127.0.0.1:{port}",
    ),
    *("mysql+mysqldb://127.0.0.1:{port}/x", "mongodb://127.0.0.1:{port}/x", "oracle://127.0.0.1:{port}/x"),
    *("mssql+pyodbc://127.0.0.1:{port}/x", "clickhouse://127.0.0.1:{port}/x", "duckdb:///x.db", "file:///etc/passwd"),
    *("postgresql:///x?host=127.0.0.1&port={port}", "postgresql:///x?host=/tmp", "postgresql://a,127.0.0.1:{port}/x"),
    *("postgresql://example.com/x?hostaddr=127.0.0.1", "postgresql://example.com/x?service=x"),
    *("postgresql://example.com/x?options=-c%20x", "postgresql://example.com/x?sslrootcert=/etc/passwd"),
    *("mysql://example.com/x?unix_socket=/tmp/s", "mysql://example.com/x?read_default_file=/etc/my.cnf"),
    *("mysql://example.com/x?local_infile=1", "mysql://example.com/x?init_command=DROP%20TABLE%20x"),
    *("sqlite:///etc/passwd", "sqlite:////etc/passwd", "sqlite:///:memory:", "sqlite://", "sqlite:///../../store.db"),
    *("sqlite:///file:/etc/passwd?mode=ro&uri=true", "sqlite+pysqlite:////etc/passwd", "postgresql://127.0.0.1:{port}"),
    *("", "nonsense", "://127.0.0.1"),
]
BROKERS = [
    *(f"mqtt://{host}:{{port}}" for host in HOSTS),
    *("mqtts://127.0.0.1:{port}", "mqtts://localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "ann:pw@0:{port}"),
    *("mqtt://example.com@127.0.0.1:{port}", "mqtt://127.0.0.1:{port}#@example.com", "tcp://127.0.0.1:{port}"),
    *("ws://127.0.0.1:{port}", "unix:///tmp/x", "file:///etc/passwd", "mqtt://", "mqtt:///x", "mqtt://127.0.0.1:99999"),
    *("mqtt://127.0.0.1:{port}/x", "mqtt://exa mple.com", "mqtt://127.0.0.1\\@example.com:{port}", "mqtt://[::1"),
]


class Canaries:
    """Listeners on IPv4 and IPv6, on one port, that nobody may connect to."""

    def __init__(self) -> None:
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._sockets[0].getsockname()[1]
        with contextlib.suppress(OSError):  # Where there is no IPv6.
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for each in self._sockets:
            each.setblocking(False)

    @property
    def n_connections(self) -> int:
        """How often somebody has connected."""
        n = 0
        for each in self._sockets:
            with contextlib.suppress(BlockingIOError):
                while True:
                    each.accept()[0].close()
                    n += 1
        return n

    def close(self) -> None:
        for each in self._sockets:
            each.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all: nothing that is refused leaves anything behind."""
    opened = open_store(tmp_path_factory.mktemp("refused"))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def project_id(store: Store) -> str:
    return plan.create_project(store, "People", by="ann").id


@pytest.fixture(scope="module")
def canaries() -> Iterator[Canaries]:
    opened = Canaries()
    socket.create_connection(("127.0.0.1", opened.port)).close()
    assert opened.n_connections == 1  # A canary that hears nothing would prove nothing.
    yield opened
    opened.close()


def check_refusal(refused: BadInputError, canaries: Canaries) -> None:
    assert canaries.n_connections == 0
    assert refused.message
    assert refused.hint
    assert ":pw@" not in str(refused) + refused.hint


def test_there_are_as_many_addresses_as_were_asked_for() -> None:
    assert len(set(DATABASES)) >= 30
    assert len(set(WEB)) >= 60


@pytest.mark.parametrize("url", WEB)
def test_a_web_address_that_must_not_be_asked_is_refused(tmp_path: Path, canaries: Canaries, url: str) -> None:
    with pytest.raises(BadInputError) as caught:
        guard.fetch(url.format(port=canaries.port), tmp_path / "answer", max_seconds=5)
    check_refusal(caught.value, canaries)


@pytest.mark.parametrize("url", DATABASES)
def test_a_database_address_that_must_not_be_asked_is_refused(store: Store, canaries: Canaries, url: str) -> None:
    with pytest.raises(BadInputError) as caught:
        sources.database_tables(store, url.format(port=canaries.port))
    check_refusal(caught.value, canaries)


@pytest.mark.parametrize("url", BROKERS)
def test_a_brokers_address_that_must_not_be_asked_is_refused(
    store: Store, project_id: str, canaries: Canaries, url: str
) -> None:
    settings = {"url": url.format(port=canaries.port), "topic": "t", "seconds": 1}

    def save_and_read() -> None:
        saved = sources.save_source(store, project_id, kind="sensor", name="x", settings=settings, by="ann")
        sources.refresh_source(store, saved.id, by="ann")

    with pytest.raises(BadInputError) as caught:
        save_and_read()
    check_refusal(caught.value, canaries)


@pytest.fixture
def changing_name(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name changing.example, which leads to each of these addresses in turn, and then to the last one always."""
    answers = ["93.184.215.14", "127.0.0.1"]
    real = socket.getaddrinfo

    def look_up(host, port, *rest, **more):
        if host != "changing.example":
            return real(host, port, *rest, **more)
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


@pytest.mark.parametrize("kind", ["web", "postgresql", "mysql", "broker"])
def test_a_name_that_changes_its_answer_after_it_was_checked_leads_nowhere(
    store: Store,
    tmp_path: Path,
    canaries: Canaries,
    changing_name: list[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """The first answer is public, so it passes; whoever looked up the name again would come to the canary."""
    reached: list[str] = []

    def connect(_socket: socket.socket, address: tuple[str, int]) -> None:
        reached.append(address[0])
        raise TimeoutError

    def connect_postgres(**named: object) -> None:
        reached.append(str(named["hostaddr"]))
        raise psycopg.OperationalError("timeout")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(psycopg, "connect", connect_postgres)
    name = f"changing.example:{canaries.port}"
    ask = {
        "web": lambda: guard.fetch(f"http://{name}/", tmp_path / "x", max_seconds=5),
        "broker": lambda: Broker(f"mqtt://{name}", "t", "", "fc", print).connect(),
        "postgresql": lambda: sources.database_tables(store, f"postgresql://ann@{name}/x"),
        "mysql": lambda: sources.database_tables(store, f"mysql://ann@{name}/x"),
    }
    with pytest.raises(BadInputError):
        ask[kind]()
    assert canaries.n_connections == 0
    assert set(reached) == {"93.184.215.14"}


def test_a_broker_that_changes_its_address_is_checked_at_each_connection(
    canaries: Canaries, changing_name: list[str]
) -> None:
    changing_name[:] = ["127.0.0.1"]
    with pytest.raises(BadInputError, match="own network"):
        Broker(f"mqtt://changing.example:{canaries.port}", "t", "", "fc", print).connect()
    assert canaries.n_connections == 0


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "http://[::1]:{port}/",
        "//localhost:{port}/x",
        "http://169.254.169.254/",
        "file:///x",
    ],
)
def test_a_redirect_into_the_servers_own_network_is_refused(
    web, tmp_path: Path, canaries: Canaries, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """Only the web server of the test counts as public here."""
    own = web.address.split(":")[2]
    real = guard.check_host
    monkeypatch.setattr(guard, "check_host", lambda host, port: host if str(port) == own else real(host, port))
    checked: list[str] = []
    real_check = guard.check_address
    monkeypatch.setattr(
        guard,
        "check_address",
        lambda address: checked.append(address) or (real_check(address) if len(checked) > 1 else None),
    )
    web.redirect("/start", target.format(port=canaries.port))
    with pytest.raises(BadInputError, match=r"own network|never asked|not a web address"):
        guard.fetch(web.address + "/start", tmp_path / "x", max_seconds=5)
    assert canaries.n_connections == 0
    assert len(web.asked) == 1
