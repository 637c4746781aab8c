"""Why nothing usable came from an address: one error with a code, whatever the libraries below said."""

from __future__ import annotations

import zlib

import requests
from urllib3.exceptions import NameResolutionError

from ckanext.kagoshima.harvesting.guarded_connection import Deadline, Forbidden


class FetchError(Exception):
    """Nothing usable came. `code` is a key of `messages.yaml`; `values` fill its text. `later` = seconds the server asked
    us to wait; `passing` = it may be over the next time."""

    def __init__(self, code: str, /, *, passing: bool = False, later: float = 0, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values
        self.passing = passing
        self.later = later


def refusal(url: str, error: BaseException, deadline: Deadline) -> FetchError:
    """What a chain of library exceptions means."""
    chain: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        item = queue.pop()
        if isinstance(item, BaseException) and item not in chain:
            chain.append(item)
            queue += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    for item in chain:
        if isinstance(item, FetchError):
            return item
        if isinstance(item, Forbidden):
            return FetchError("address-forbidden", url=url, address=item.address)
    text = " ".join(str(item) for item in chain)
    if deadline.expired:
        return FetchError("too-slow", passing=True, url=url, seconds=deadline.seconds)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        chain_missing = "unable to get local issuer" in text
        return FetchError("tls-chain" if chain_missing else "tls-certificate", url=url, detail=_certificate_detail(text))
    if "SSL" in text and "WRONG_VERSION_NUMBER" in text:
        return FetchError("tls-certificate", url=url, detail="not TLS")
    if any(isinstance(item, TimeoutError | requests.Timeout) for item in chain):
        return FetchError("too-slow", passing=True, url=url, seconds=deadline.seconds)
    if any(isinstance(item, NameResolutionError) for item in chain) or "Name or service not known" in text or "name:" in text:
        return FetchError("name-unknown", passing=False, url=url)
    if isinstance(error, zlib.error):
        return FetchError("cut-short", passing=True, url=url)
    if "IncompleteRead" in text or "Connection broken" in text:
        return FetchError("cut-short", passing=True, url=url)
    if isinstance(error, ValueError) and not isinstance(error, requests.RequestException):
        return FetchError("address-not-http", url=url)
    return FetchError("no-answer", passing=True, url=url)


def _certificate_detail(text: str) -> str:
    start = text.find("certificate verify failed")
    return text[start : start + 100].split("(_ssl")[0].strip() if start >= 0 else ""
