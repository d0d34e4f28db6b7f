"""From bytes to UTF-8 text on disk: which encoding, and is it text at all?

The bytes are streamed, never held as a whole. A file that is clean UTF-8 already is used where it lies.
"""

import codecs
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import charset_normalizer

from core.errors import BadInputError
from core.records import Decision

CHUNK = 1 << 20
HEAD = 1 << 16
MAX_SAMPLE_LINES = 500
MAX_BROKEN_SHARE = 0.1
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENCODINGS = (
    *("cp1252", "mac_roman", "cp949", "shift_jis", "gb18030", "big5", "euc_jp"),
    *("cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
)
"""Encodings that tables come in besides Unicode; of two that read equally well, the earlier one."""
OUT_OF_PLACE = re.compile(
    r"[A-Za-z](?=[\u0370-\u06ff])|[\u0370-\u06ff](?=[A-Za-z])"  # Greek, Cyrillic, Hebrew or Arabic next to Latin
    r"|(?<=[a-z])[\u3400-\ud7a3]{1,2}(?=[a-z])"  # Chinese or Korean between Latin
    r"|(?<=[^\W\d_])[^\w\s\x00-\x7f\u00ad·‘’–—](?=[^\W\d_])"  # a sign between two letters, none that words have
)
"""Characters that no language has where they stand: the text was read in the wrong encoding."""
FOREIGN = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"PK\x03\x04", "a ZIP archive"),
)
"""First bytes of files that are renamed to .csv, and what to call them."""
WEB_PAGES = (b"<!doctype html", b"<html", b"<?xml", b"<svg", b"<head", b"<body")


END_MARK = b"\x1a"
CONTROLS = bytes((*range(1, 9), *range(14, 26)))
"""Control characters that no text of any encoding here has many of."""


@dataclass(frozen=True)
class Text:
    """A file as UTF-8 text on disk, with the name of the encoding it came in."""

    path: Path
    encoding: str
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class _Survey:
    """What is out of the common in the bytes; `end_mark` is the Ctrl-Z that old programs end a file with."""

    valid_utf8: bool
    has_nul: bool = False
    only_cr: bool = False
    end_mark: bool = False


def decode_file(path: Path, workspace: Path, chosen: str | None = None) -> Text:
    """Return the file as UTF-8 text without byte-order mark and NUL, with line ends that end lines.

    Parameters
    ----------
    path : Path
        The file as it was handed in.
    workspace : Path
        Folder for the decoded copy, where one is needed.
    chosen : str, optional
        The encoding, where a person chose it.

    Raises
    ------
    BadInputError
        When the bytes are no text: nothing, a picture, a web page, an archive; or not in the chosen encoding.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    _refuse_foreign(head)
    survey = _survey(path)
    encoding = _known(chosen, head) if chosen else _unicode_mark(head)
    encoding = encoding or ("utf-8" if survey.valid_utf8 else _guess_encoding(path))
    if encoding.startswith(("utf-16", "utf-32")):
        survey = replace(survey, end_mark=False)  # The last byte is half a character only.
    if encoding == "utf-8" and survey == _Survey(valid_utf8=True):
        return Text(path, encoding)
    target = workspace / "decoded.txt"
    n_broken, n_nul = _transcode(path, target, encoding, survey)
    if chosen and n_broken > MAX_BROKEN_SHARE * path.stat().st_size:
        raise BadInputError(f"The file is not written in {chosen}.", "Choose another encoding, or let it be found.")
    return Text(target, encoding, _decisions(target, encoding, n_broken, n_nul, survey))


def _known(encoding: str, head: bytes) -> str:
    try:
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
        "a".encode(encoding).decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise BadInputError(
            f"There is no encoding '{encoding}'.", "Choose one, for example utf-8 or cp1252."
        ) from error
    return (_unicode_mark(head) or "utf-8") if is_utf8 else encoding


def _refuse_foreign(head: bytes) -> None:
    if not head.strip(b"\x00\t\n\r \xef\xbb\xbf\xff\xfe"):
        raise BadInputError("The file is empty.", "Choose a file that holds a table.")
    for start, what in FOREIGN:
        if head.startswith(start):
            raise BadInputError(f"The file is {what}, not a table.", "Save the table as CSV, Excel or Parquet.")
    if head[:1000].lstrip(b"\xef\xbb\xbf\r\n\t ").lower().startswith(WEB_PAGES):
        raise BadInputError(
            "The file is a web page, not a table.",
            "Perhaps a sign-in page was saved in place of the data: download the file itself again.",
        )
    if _looks_binary(head.rstrip(b"\x00")) and _unicode_mark(head) is None:
        raise BadInputError("The file holds binary data, not text.", "Save the table as CSV, Excel or Parquet.")


def _looks_binary(head: bytes) -> bool:
    n_controls = len(head) - len(head.translate(None, CONTROLS))
    return head.count(0) > len(head) / 10 or n_controls > len(head) / 20


def _unicode_mark(head: bytes) -> str | None:
    """Return the Unicode encoding a file begins with; without a mark, UTF-16 shows by every second byte being NUL."""
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.6 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def _survey(path: Path) -> _Survey:
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, has_nul, has_lf, has_cr, last = True, False, False, False, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            last = chunk[-1:]
            has_nul = has_nul or b"\x00" in chunk
            has_lf = has_lf or b"\n" in chunk
            has_cr = has_cr or (not has_lf and b"\r" in chunk)
            valid = valid and _is_valid(decoder, chunk)
    valid = valid and _is_valid(decoder, b"", final=True)
    return _Survey(valid, has_nul, only_cr=has_cr and not has_lf, end_mark=last == END_MARK)


def _is_valid(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    if not final and chunk.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(chunk, final=final)
    except UnicodeDecodeError:
        return False
    return True


def _lines(path: Path) -> Iterator[bytes]:
    """Yield lines, the endless ones in pieces, so that memory stays small."""
    with path.open("rb") as file:
        while line := file.readline(HEAD):
            yield line


def _guess_encoding(path: Path) -> str:
    """Return the likeliest encoding of a file that is not valid UTF-8.

    Mostly valid UTF-8 with a few broken characters stays UTF-8. Otherwise the candidate whose text looks least
    like a mess and most like some language (charset-normalizer's chaos and coherence), and has the fewest characters
    out of place, on a sample of the lines that are not plain ASCII.
    """
    sample: list[bytes] = []
    n_good = n_broken = 0
    for line in _lines(path):
        if not line.isascii():
            text = line.decode("utf-8", errors="replace")
            broken = text.count("\ufffd")
            n_broken += broken
            n_good += sum(character > "\x7f" for character in text) - broken
            sample.append(line)
        if len(sample) == MAX_SAMPLE_LINES:
            break
    if n_broken < n_good / 4:
        return "utf-8"
    matches = charset_normalizer.from_bytes(b"".join(sample)[: 4 * HEAD], cp_isolation=list(ENCODINGS), threshold=1.0)
    ranked = [
        (round(mess, 2), ENCODINGS.index(name), name)
        for match in matches
        for mess in [match.chaos + (0 if match.coherence else 0.05) + _share_out_of_place(str(match))]
        for name in match.could_be_from_charset  # encodings that give the very same text
    ]
    return min(ranked)[2] if ranked else "cp1252"


def _share_out_of_place(text: str) -> float:
    """Return how many of the characters beyond ASCII stand where no language has them, from 0 to 1."""
    n_foreign = sum(character > "\x7f" for character in text)
    return len(OUT_OF_PLACE.findall(text)) / n_foreign if n_foreign else 0.0


def _transcode(path: Path, target: Path, encoding: str, survey: _Survey) -> tuple[int, int]:
    """Write the file as UTF-8; return how many characters could not be read and how many NULs were left out."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    n_broken = n_nul = 0
    left = path.stat().st_size - survey.end_mark
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as file:
        final = False
        while not final:
            chunk = source.read(min(CHUNK, left))
            left -= len(chunk)
            final = not chunk
            text = decoder.decode(chunk, final=final)
            n_broken += text.count("\ufffd")
            n_nul += text.count("\x00")
            text = text.replace("\x00", "")
            file.write(text.replace("\r", "\n") if survey.only_cr else text)
    return n_broken, n_nul


def _decisions(path: Path, encoding: str, n_broken: int, n_nul: int, survey: _Survey) -> tuple[Decision, ...]:
    decisions = []
    if encoding not in ("utf-8", "utf-8-sig"):
        shown = _lines_with(path, lambda line: not line.isascii())
        decisions.append(Decision("encoding", f"Read as {encoding} and stored as UTF-8.", examples=shown))
    if n_broken:
        shown = _lines_with(path, lambda line: "\ufffd" in line)
        words = "Characters that could not be read were marked �."
        decisions.append(Decision("broken_characters", words, n_broken, shown))
    if n_nul:
        decisions.append(Decision("nul_characters", "NUL characters were left out.", n_nul))
    if survey.end_mark:
        decisions.append(Decision("end_mark", "The end-of-file mark of old programs (Ctrl-Z) was left out."))
    if survey.only_cr:
        decisions.append(Decision("line_ends", "Lines end in a single carriage return, as on old Macs."))
    return tuple(decisions)


def _lines_with(path: Path, wanted: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the first few lines of UTF-8 text that are wanted, cut to what fits a screen."""
    with path.open(encoding="utf-8", errors="replace") as file:
        numbered = enumerate(iter(lambda: file.readline(HEAD), ""), 1)
        return tuple(itertools.islice((f"line {n:,}: {line.strip()[:80]}" for n, line in numbered if wanted(line)), 3))
