"""Sending something to an address of the web, by the same checks as asking one: see `guard`."""

from collections.abc import Mapping
from contextlib import closing

import httpx

from core.collect.sources.deadline import Deadline
from core.collect.sources.guard import BusyError, check_address, check_url, keep_quiet, make_request
from core.errors import BadInputError


def post(url: str, body: bytes, *, headers: Mapping[str, str], max_seconds: float) -> None:
    """Post a body, once, and return when the receiver says that it took it; of its answer only the status is read.

    Raises
    ------
    BadInputError
        When the address is refused, does not answer in time, leads elsewhere, or answers with anything but success.
    """
    place = check_url(url)
    keep_quiet()
    try:
        with Deadline(max_seconds) as deadline, httpx.Client(trust_env=False, timeout=max_seconds) as client:
            request = make_request(client, "POST", place, headers, deadline, content=body)
            with closing(client.send(request, stream=True)) as response:
                check_address(response.extensions["network_stream"].get_extra_info("server_addr")[0])
                _refuse_failure(place.host, response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        deadline.raise_if_over()
        raise BadInputError(f"{place.host} does not answer.", "Try again later, or check the address.") from error


def _refuse_failure(host: str, response: httpx.Response) -> None:
    code = response.status_code
    if response.is_success:
        return
    if code in (429, 503):
        raise BusyError(host, None)
    if response.has_redirect_location:
        raise BadInputError(f"{host} leads to another address.", "Give that address instead: nothing is sent on.")
    if code in (401, 403):
        raise BadInputError(f"{host} does not let us in.", "Check the address and the secret.")
    raise BadInputError(f"{host} answers with error {code}.", "Check the address, or whether the receiver works.")
