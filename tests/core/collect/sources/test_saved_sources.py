"""Saved sources: files and tables on the web, APIs page by page, secrets apart, what a refresh changed."""

import itertools
import json
import stat
from urllib.parse import parse_qs, urlsplit

import pytest

from core import collect, plan
from core.collect import sources
from core.errors import BadInputError, NotFoundError
from core.records import Source
from core.store import Store

PAGE = """<!DOCTYPE html><html><body><table><tr><td>menu</td></tr></table>
<table><caption>Towns</caption><tr><th>town</th><th>people</th></tr><tr><td>K&ouml;ln<br>am Rhein</td><td>1,087,863</td>
</tr>
<tr><td>Bonn<script>x = 1</script></td><td>335,789</td></tr></table>
<table><tr><th colspan=2>both</th><th>c</th></tr><tr><td>1<td>2<td>3</tr><tr><td>4<td>5<td>6</table></body></html>"""


def save(store: Store, project_id: str, kind: str, secret: str = "", **settings: object) -> Source:
    return sources.save_source(store, project_id, kind=kind, name="Feed", settings=settings, secret=secret, by="ann")


def test_a_file_on_the_web_becomes_a_version(store: Store, project_id: str, web, private_allowed: None) -> None:
    source = save(store, project_id, "web", url=web.offer("/people.csv", "a;b\n1;x\n2;y\n"))
    refreshed = sources.refresh_source(store, source.id, by="bob")
    assert refreshed.sentence == "Read for the first time: 2 rows, 2 columns."
    assert (refreshed.version.source, refreshed.version.created_by) == ("web", "bob")
    assert collect.current_dataset(store, project_id) == refreshed.version
    assert collect.load_frame(store, refreshed.version.id).to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert list((store.home / "uploads").iterdir()) == []


def test_a_refresh_makes_a_version_only_when_something_changed_and_says_what(
    store: Store, project_id: str, web, private_allowed: None
) -> None:
    source = save(store, project_id, "web", url=web.offer("/x.csv", "a,b\n1,x\n2,y\n"))
    first = sources.refresh_source(store, source.id, by="ann").version
    again = sources.refresh_source(store, source.id, by="ann")
    assert (again.is_new, again.version) == (False, first)
    assert "Nothing has changed" in again.sentence
    web.offer("/x.csv", "a,c\n1,x\n2,y\n3,z\n")
    changed = sources.refresh_source(store, source.id, by="ann")
    assert changed.sentence == "Version 2: 1 row more; new: 'c'; gone: 'b' (3 rows now)."
    assert changed.version.parent_id == first.id
    web.offer("/x.csv", "a,c\n1,x\n2,y\n4,z\n")
    assert "other values" in sources.refresh_source(store, source.id, by="ann").sentence
    kept = store.get(Source, source.id)
    assert kept.last_read_at is not None
    assert "other values" in kept.last_change
    assert len(collect.list_datasets(store, project_id)) == 3


def test_the_tables_of_a_page_are_offered_and_one_is_read(
    store: Store, project_id: str, web, private_allowed: None
) -> None:
    url = web.offer("/towns", PAGE, "text/html")
    offered = sources.web_tables(store, url)
    assert [(table.number, table.n_rows, table.first_row) for table in offered] == [
        (0, 3, ("town", "people")),
        (1, 3, ("both", "both", "c")),
    ]
    version = sources.refresh_source(store, save(store, project_id, "web", url=url, table=0).id, by="ann").version
    assert collect.load_frame(store, version.id).to_dict("list") == {
        "town": ["Köln am Rhein", "Bonn"],
        "people": [1_087_863, 335_789],
    }
    assert sources.web_tables(store, web.offer("/x.csv", "a,b\n1,2\n")) == ()
    with pytest.raises(BadInputError, match="is gone"):
        sources.refresh_source(store, save(store, project_id, "web", url=url, table=7).id, by="ann")
    with pytest.raises(BadInputError, match="holds no table"):
        sources.web_tables(store, web.offer("/empty", "<html><body>Hello</body></html>"))


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("<head><meta charset='iso-8859-2'></head>", "iso-8859-2"),
        ("<!-- x -->", "utf-8"),
        ("", "cp1252"),
    ],
)
def test_a_page_is_read_in_its_own_encoding(store: Store, web, private_allowed: None, head: str, encoding: str) -> None:
    page = f"{head}<html><table><tr><td>größe</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"
    (table,) = sources.web_tables(store, web.offer("/page", page.encode(encoding)))
    assert table.first_row == ("größe", "b")


@pytest.mark.parametrize(
    ("paging", "more"),
    [
        ("page", {}),
        ("page", {"first": 0, "parameter": "p"}),
        ("offset", {}),
        ("next", {}),
        ("next", {"next": "links.on"}),
    ],
)
def test_an_api_is_read_page_after_page(
    store: Store, project_id: str, web, private_allowed: None, paging: str, more: dict[str, object]
) -> None:
    def answer(path: str, _headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(path).query).items()}
        if paging == "offset":
            start = asked["offset"]
        elif paging == "page":
            start = 10 * (asked[str(more.get("parameter", "page"))] - int(str(more.get("first", 1))))
        else:
            start = asked.get("start", 0)
        items = [{"n": n, "at": {"x": n / 2}} for n in range(start, min(start + 10, 25))]
        link = f"/api?start={start + 10}" if start + 10 < 25 else None
        return 200, {}, json.dumps({"data": {"items": items}, "next": link, "links": {"on": link}}).encode()

    web.answers["/api"] = answer
    source = save(
        store, project_id, "api", url=web.address + "/api?size=10", records="data.items", paging=paging, **more
    )
    version = sources.refresh_source(store, source.id, by="ann").version
    assert collect.load_frame(store, version.id)["n"].tolist() == list(range(25))
    assert version.column_names == ("n", "at.x")
    assert version.source == "api"


def test_pages_end_at_the_cap_and_in_a_circle_and_it_is_told(
    store: Store, project_id: str, web, private_allowed: None
) -> None:
    n_asked = itertools.count()
    web.answers["/api"] = lambda _path, _headers: (
        200,
        {},
        json.dumps({"data": [{"a": next(n_asked)}], "next": "/api"}).encode(),
    )
    circle = save(store, project_id, "api", url=web.address + "/api", records="data", paging="next")
    cap = save(store, project_id, "api", url=web.address + "/api", records="data", paging="page", max_pages=3)
    for source, n_rows in ((circle, 1), (cap, 3)):
        version = sources.refresh_source(store, source.id, by="ann").version
        assert version.n_rows == n_rows
        assert version.reading is not None
        assert "cut" in [decision.code for decision in version.reading.decisions]


@pytest.mark.parametrize(
    ("content", "words"),
    [("<html>", "not answer in JSON"), ('{"rows": 1, "x": 2}', "no list of records"), ('{"data": []}', "without any")],
)
def test_an_api_that_answers_no_records_is_told(
    store: Store, project_id: str, web, private_allowed: None, content: str, words: str
) -> None:
    source = save(store, project_id, "api", url=web.offer("/api", content), records="data")
    with pytest.raises(BadInputError, match=words):
        sources.refresh_source(store, source.id, by="ann")
    assert store.get(Source, source.id).last_read_at is None


def test_a_token_is_sent_kept_apart_and_never_shown(
    store: Store, project_id: str, web, other_web, private_allowed: None
) -> None:
    other_web.offer("/api", json.dumps({"data": [{"a": 2}]}))
    web.offer("/api", json.dumps({"data": [{"a": 1}], "next": other_web.address + "/api"}))
    source = save(
        store, project_id, "api", "t0ken", url=web.address + "/api", records="data", paging="next", header="X-Key"
    )
    sources.refresh_source(store, source.id, by="ann")
    assert web.asked[0][1]["x-key"] == "t0ken"
    assert "x-key" not in other_web.asked[0][1]
    kept = store.home / "secrets" / source.id
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "t0ken" not in repr(store.find(Source))
    assert b"t0ken" not in b"".join(path.read_bytes() for path in store.home.glob("store.db*"))
    sources.remove_source(store, source.id)
    assert not kept.exists()
    with pytest.raises(NotFoundError):
        sources.refresh_source(store, source.id, by="ann")


def test_a_password_in_an_address_is_taken_out(store: Store, project_id: str) -> None:
    source = save(store, project_id, "database", url="postgresql://ann:pa%40ss@db.example/shop", table="t")
    assert source.settings["url"] == "postgresql://ann@db.example/shop"
    assert store.files.secret(source.id) == "pa@ss"


def test_secrets_go_with_their_project(store: Store, project_id: str) -> None:
    save(store, project_id, "api", "t0ken", url="https://api.example/")
    plan.delete_project(store, project_id)
    assert store.find(Source) == []
    assert list((store.home / "secrets").iterdir()) == []


def test_settings_that_do_not_fit_are_refused(store: Store, project_id: str) -> None:
    for kind, settings, secret in (
        ("web", {"url": "file:///etc/passwd"}, ""),
        ("api", {"url": "https://api.example/", "paging": "guess"}, ""),
        ("api", {"url": "https://api.example/", "header": "X: y\r\nHost"}, ""),
        ("api", {"url": "https://api.example/"}, "a\r\nb"),
        ("database", {"url": "postgresql://db.example/x", "query": "DROP TABLE x"}, ""),
    ):
        with pytest.raises(BadInputError):
            save(store, project_id, kind, secret, **settings)
    assert store.find(Source) == []
