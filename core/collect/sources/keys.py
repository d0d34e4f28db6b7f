"""Keys that people have within a web address (`?api_key=...`): taken out, kept apart, put back when it is asked."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.errors import BadInputError
from core.records import Json

KEY = re.compile(r"(?i)(.*[_-])?(api-?key|key|token|auth|secret|passw(or)?d|pwd|sig|signature|appid)")


def take_out_key(url: str) -> tuple[str, str, str]:
    """Return an address without the parameter that looks like a secret, that parameter's name, and its value.

    Raises
    ------
    BadInputError
        When there are several.
    """
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    found = [(name, value) for name, value in pairs if KEY.fullmatch(name) and value]
    if not found:
        return url, "", ""
    if len(found) > 1:
        names = ", ".join(f"'{name}'" for name, _ in found)
        raise BadInputError(f"The address holds more than one secret: {names}.", "Only one can be kept apart.")
    left = [pair for pair in pairs if pair != found[0]]
    return urlunsplit(parts._replace(query=urlencode(left))), *found[0]


def with_key(settings: Json, secret: str) -> str:
    """Return the address to ask, with its key where it has one."""
    return with_parameter(settings["url"], settings["key"], secret) if settings.get("key") else str(settings["url"])


def with_parameter(url: str, name: str, value: object) -> str:
    """Return an address with a parameter set."""
    parts = urlsplit(url)
    kept = [(key, old) for key, old in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*kept, (name, str(value))])))
