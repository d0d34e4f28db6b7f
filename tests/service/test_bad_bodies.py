"""Sixty bad bodies at every address that takes one: the right refusal in the one shape, no failure, no echo."""

import gzip
import json
import socket

import httpx
import pytest

from tests.service.conftest import Live

CANARY = "CANARY-4711"
SHAPE = {"code", "message", "hint", "row", "column"}
JSON = "application/json"
GOOD = {"distance": 1200.0, "delay": 3.5, "carrier": "UA", "holiday": False, "scheduled": "2020-03-01T08:00:00"}


def rows(**changes: object) -> str:
    return json.dumps({"rows": [{**GOOD, **changes}]})


def raw(name: str, value: str) -> str:
    """A row in which the value of a field is this very text."""
    return rows(**{name: "@@"}).replace('"@@"', value)


BAD: dict[str, str | bytes] = {
    "nothing": "",
    "blanks": "  \n ",
    "a word": CANARY,
    "a text": f'"{CANARY}"',
    "a number": "4711",
    "null": "null",
    "a list": f'["{CANARY}"]',
    "two documents": rows() + rows(),
    "cut off": rows(carrier=CANARY)[:-4],
    "cut off within a character": rows(carrier="é" + CANARY).encode()[:40] + b"\xc3",
    "a comma too much": rows().replace("}]", ",}]"),
    "single quotes": rows(carrier=CANARY).replace('"', "'"),
    "a comment": rows() + f"// {CANARY}",
    "Latin-1": '{"rows":[{"carrier":"é"}]}'.encode("latin-1"),
    "UTF-16": rows(carrier=CANARY).encode("utf-16"),
    "UTF-32": rows(carrier=CANARY).encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf" + rows().encode(),
    "zero bytes": b"\x00" * 64,
    "random bytes": bytes(range(256)),
    "gzip": gzip.compress(rows(carrier=CANARY).encode()),
    "100,000 nested lists": '{"rows":' + "[" * 100_000 + "]" * 100_000 + "}",
    "100,000 nested objects": '{"rows":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
    "a nested list as value": raw("distance", "[" * 500 + "]" * 500),
    "an object as value": raw("distance", f'{{"{CANARY}": 1}}'),
    "a list as value": raw("carrier", f'["{CANARY}"]'),
    "NaN": raw("distance", "NaN"),
    "Infinity": raw("distance", "Infinity"),
    "-Infinity": raw("distance", "-Infinity"),
    "1e400": raw("distance", "1e400"),
    "-1e400": raw("distance", "-1e400"),
    "400 digits": raw("distance", "9" * 400),
    "5,000 digits": raw("distance", "9" * 5_000),
    "a leading zero": raw("distance", "0123"),
    "a plus": raw("distance", "+1"),
    "hexadecimal": raw("distance", "0x10"),
    "true for a number": raw("distance", "true"),
    "text for a number": rows(distance=CANARY),
    "a number in quotes": rows(distance="1200"),
    "1 for true": rows(holiday=1),
    "text for true": rows(holiday=CANARY),
    "a number for a category": rows(carrier=4711),
    "true for a category": rows(carrier=True),
    "20,001 characters": rows(carrier=CANARY + "x" * 20_001),
    "NUL": rows(carrier=CANARY + "\0"),
    "half a character": raw("carrier", f'"{CANARY}\\ud800"'),
    "another half": raw("carrier", '"\\udc00"'),
    "a word for a date": rows(scheduled=CANARY),
    "a number for a date": rows(scheduled=1577836800),
    "31 February": rows(scheduled="2020-02-31"),
    "month 13": rows(scheduled="2020-13-01"),
    "year 0": rows(scheduled="0000-01-01"),
    "the first year": rows(scheduled="0001-01-01"),
    "the last year": rows(scheduled="9999-12-31"),
    "five digits of a year": rows(scheduled="12020-01-01"),
    "a week date": rows(scheduled="2020-W01-1"),
    "a day of the year": rows(scheduled="2020-001"),
    "no hyphens": rows(scheduled="20200101"),
    "day, month, year": rows(scheduled="01.03.2020"),
    "25 o'clock": rows(scheduled="2020-01-01T25:00:00"),
    "a time zone of 99 hours": rows(scheduled="2020-01-01T00:00:00+99:00"),
    "blanks for a date": rows(scheduled=" "),
    "an empty date": rows(scheduled=""),
    "an unknown field": rows(**{CANARY: 1}),
    "__proto__": rows(__proto__={CANARY: 1}),
    "constructor": rows(constructor={"prototype": {CANARY: 1}}),
    "__class__": rows(__class__=CANARY),
    "a field without a name": rows(**{"": CANARY}),
    "a field twice": rows().replace('"carrier"', f'"carrier": "{CANARY}", "carrier"'),
    "rows twice": '{"rows": [], "rows": []}',
    "a missing field": json.dumps({"rows": [{"delay": 1, "carrier": CANARY}]}),
    "null for what is needed": rows(distance=None),
    "null for a row": '{"rows": [null]}',
    "a list for a row": f'{{"rows": [["{CANARY}"]]}}',
    "rows is an object": f'{{"rows": {{"{CANARY}": 1}}}}',
    "no rows": '{"rows": []}',
    "a field beside rows": json.dumps({"rows": [GOOD], CANARY: 1}),
    "1,001 rows": json.dumps({"rows": [GOOD] * 1_001}),
    "more than 5 MB": json.dumps({"rows": [CANARY * 500_000]}),
}


def check(response: httpx.Response, *statuses: int) -> None:
    assert response.status_code in statuses, response.text[:300]
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == SHAPE
    assert response.json()["error"]["message"]
    assert CANARY not in response.text
    assert CANARY not in str(response.headers)


@pytest.mark.parametrize("path", ["predict", "labels"])
@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_refused(live: Live, body: str | bytes, path: str) -> None:
    check(live.post(body, path), 413, 422)


def test_there_are_sixty() -> None:
    assert len(BAD) >= 60


@pytest.mark.parametrize("value", ["-0.0", "1e-400", "5e-324", "1.7976931348623157e308", "-12", "1E3"])
def test_odd_numbers_that_are_finite_are_answered(live: Live, value: str) -> None:
    answer = live.post(raw("distance", value))
    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["prediction"] in ("yes", "no")


@pytest.mark.parametrize("path", ["predict", "labels", "batches"])
@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", CANARY, "a/b/c;;"],
)
def test_another_content_type_is_refused(live: Live, path: str, kind: str) -> None:
    check(live.http.post(f"/v1/{live.slug}/{path}", content=rows(), headers={"Content-Type": kind}), 415)


@pytest.mark.parametrize("label", ["null", "[1]", '{"a": 1}', "NaN", "1e400", '""', '"\\ud800"', '"\\u0000"'])
def test_a_bad_label_is_refused(live: Live, label: str) -> None:
    check(live.post(f'{{"labels": [{{"id": "{CANARY}", "label": {label}}}]}}', "labels"), 422)


@pytest.mark.parametrize("name", ["", "x" * 65, "\\u0000", "\\ud800"])
def test_a_bad_id_is_refused(live: Live, name: str) -> None:
    check(live.post(f'{{"labels": [{{"id": "{name}", "label": "{CANARY}"}}]}}', "labels"), 422)


def ask_raw(live: Live, head: str, body: bytes) -> bytes:
    """Send bytes as they are and return what comes back before the connection is closed, or a second has passed."""
    url = httpx.URL(live.address)
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while part := connection.recv(65_536):
            found += part
    return found


@pytest.mark.parametrize("path", ["predict", "labels"])
def test_lengths_that_lie_and_chunks_without_end_harm_nobody(live: Live, path: str) -> None:
    start = f"POST /v1/{live.slug}/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\n"
    body = rows(carrier=CANARY).encode()
    answers = [
        ask_raw(live, f"{start}Content-Length: 9999", body),
        ask_raw(live, f"{start}Content-Length: 3\r\nConnection: close", body),
        ask_raw(live, f"{start}Content-Length: -1", body),
        ask_raw(live, f"{start}Content-Length: {CANARY}", body),
        ask_raw(live, f"{start}Transfer-Encoding: chunked", b'5\r\n{"row\r\n'),
        ask_raw(live, f"{start}Transfer-Encoding: chunked", b"zz\r\n" + body),
        ask_raw(
            live, f"{start}Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close", body[:-1] + b"!"
        ),
    ]
    for answer in answers:
        assert not answer.startswith(b"HTTP/1.1 5")
        assert CANARY.encode() not in answer
    assert live.post(rows()).status_code == 200
