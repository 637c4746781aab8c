"""The project's one HTTP client: what a server somewhere may do to us is decided here.

Bounds: address, redirects, time, size, compression. A refusal or a failure is a `FetchError` with a code whose wording, in
Japanese and English with what to do, is in `messages.yaml`.
"""

from __future__ import annotations

import hashlib
import socket
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from ckanext.kagoshima.harvesting import addresses, certificates, retries
from ckanext.kagoshima.harvesting.guarded_connection import Deadline, Forbidden, GuardedAdapter, connect
from ckanext.kagoshima.harvesting.politeness import nothing
from ckanext.kagoshima.harvesting.refusals import FetchError, refusal

__all__ = ["Answer", "Client", "FetchError", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes. `size` bounds what is decoded, `ratio` how far a compressed body may unfold."""

    connect: float = 10
    read: float = 30
    total: float = 180
    size: int = 100 * 1024 * 1024
    ratio: int = 200
    redirects: int = 5
    retries: int = 2
    longest_wait: float = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. `url` is the address after redirects; `not_modified`: 304, `body` is empty."""

    url: str
    status: int
    body: bytes
    sha256: str
    headers: Mapping[str, str] = field(default_factory=dict)
    not_modified: bool = False
    permanent_url: str = ""
    """Where every redirect on the way was permanent (301, 308): the address to write down."""

    @property
    def etag(self) -> str:
        return self.headers.get("ETag", "")

    @property
    def last_modified(self) -> str:
        return self.headers.get("Last-Modified", "")

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()


class Client:
    """Fetches one address at a time. Not shared between threads.

    `allow`: ``host:port`` of local servers that may be reached. `wait`: called with the address before each request
    (politeness); it gives what is called when the answer has come. `verify`: a CA bundle's path, or True for the usual
    roots; never False.
    """

    def __init__(
        self,
        *,
        allow: frozenset[str] = frozenset(),
        limits: Limits | None = None,
        user_agent: str = "ckanext-kagoshima",
        proxy: str = "",
        verify: str | bool = True,
        wait: Callable[[str], Callable[[], None]] = lambda _url: nothing,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.allow = allow
        self.limits = limits or Limits()
        self._wait = wait
        self._sleep = sleep
        self._proxy = proxy
        self._verify = verify or True
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc, no proxy from the environment: both would be somebody else's decision
        self._session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate", "Accept": "*/*"})
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, GuardedAdapter(allow))
        self.requests_made = 0
        self._answered: Callable[[], None] = nothing
        self._completed: set[str] = set()
        """Servers whose certificate chain was tried to be completed, each once."""

    def get(self, url: str, *, etag: str = "", last_modified: str = "", size: int = 0) -> Answer:
        """The body at `url`, or ``not_modified`` where the server knows the validators. Raises `FetchError` only."""
        headers = {}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        for attempt in range(self.limits.retries + 1):
            try:
                try:
                    return self._follow(url, headers, size or self.limits.size)
                except FetchError as error:
                    if error.code != "tls-chain" or not self._complete_chain(str(error.values["url"])):
                        raise
                return self._follow(url, headers, size or self.limits.size)
            except FetchError as error:
                wait = error.later or min(2.0**attempt, self.limits.longest_wait)
                if not error.passing or attempt == self.limits.retries or wait > self.limits.longest_wait:
                    raise
                self._sleep(wait)
        raise AssertionError("unreachable")

    def _complete_chain(self, url: str) -> bool:
        """Whether the certificates that the server leaves out could be had from the address in its own: it is then asked
        again, verified as strictly as before. Not behind a proxy, which connects for us."""
        host, port = addresses.host_port(url)
        site = f"https://{host}:{port}"
        if self._proxy or site in self._completed:
            return False
        self._completed.add(site)
        roots = self._verify if isinstance(self._verify, str) else ""

        def fetch(address: str) -> bytes:
            if not address.startswith("http://"):  # a chain that is broken too would lead here again
                raise ValueError(address)
            try:
                with Deadline(self.limits.connect) as deadline:
                    response = self._request(address, {}, deadline)
                    try:
                        return self._read(address, response, certificates.SIZE, deadline).body
                    finally:
                        response.close()
                        self._answered()
            except FetchError as error:
                raise ValueError(error.code) from error

        def dial() -> socket.socket:
            try:
                return connect(host, port, self.limits.connect, self.allow)
            except Forbidden as error:
                raise ValueError(str(error)) from error

        context = certificates.completed(dial, host, fetch, roots)
        if context is not None:
            self._session.mount(f"{site}/", GuardedAdapter(self.allow, context))
            self._session.mount(f"https://{host}/", GuardedAdapter(self.allow, context)) if port == 443 else None
        return context is not None

    def _follow(self, url: str, headers: Mapping[str, str], size: int) -> Answer:
        first, permanent, seen = url, True, {url}
        with Deadline(self.limits.total) as deadline:
            for _hop in range(self.limits.redirects + 1):
                response = self._request(url, headers, deadline)
                try:
                    if response.status_code not in (301, 302, 303, 307, 308):
                        answer = self._read(url, response, size, deadline)
                        moved = url if permanent and url != first else ""
                        return Answer(**{**_fields(answer), "permanent_url": moved})
                    target = response.headers.get("Location", "")
                    if not target:
                        raise FetchError("http-status", url=url, status=response.status_code)
                    permanent = permanent and response.status_code in (301, 308)
                    # requests hands headers over as latin-1; a server that writes Japanese in Location writes UTF-8.
                    url = urljoin(url, requests.utils.requote_uri(_utf8(target)))
                finally:
                    response.close()
                    self._answered()
                if url in seen:
                    raise FetchError("redirect-loop", url=first)
                seen.add(url)
        raise FetchError("redirect-loop", url=first)

    def _request(self, url: str, headers: Mapping[str, str], deadline: Deadline) -> requests.Response:
        try:
            host, _port = addresses.host_port(url)
        except ValueError:
            raise FetchError("address-not-http", url=url) from None
        number = addresses.literal(host)
        if self._proxy and number is not None and not addresses.is_public(str(number)):
            raise FetchError("address-forbidden", url=url, address=str(number))
        self._answered = self._wait(url)
        self.requests_made += 1
        try:
            return self._session.get(
                url,
                headers=dict(headers),
                stream=True,
                allow_redirects=False,
                timeout=(self.limits.connect, self.limits.read),
                verify=self._verify,
            )
        except (requests.RequestException, HTTPError, OSError, Forbidden, UnicodeError, ValueError) as error:
            self._answered()
            raise refusal(url, error, deadline) from error

    def _read(self, url: str, response: requests.Response, size: int, deadline: Deadline) -> Answer:
        headers = CaseInsensitiveDict({name: _utf8(value) for name, value in response.headers.items()})
        status = response.status_code
        if status == 304:
            with suppress(HTTPError, OSError):
                response.raw.drain_conn()  # a connection that was not read to its end is not used again
            return Answer(url, status, b"", "", headers, not_modified=True)
        if status != 200:
            later = retries.retry_after(headers.get("Retry-After", ""))
            raise FetchError("http-status", passing=status in retries.PASSING, later=later, url=url, status=status)
        announced = headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > size:
            raise FetchError("too-large", url=url, limit=size // 1024 // 1024)
        try:
            body = self._body(url, response, size)
        except (HTTPError, OSError, zlib.error, ValueError) as error:
            raise refusal(url, error, deadline) from error
        if deadline.expired:
            raise FetchError("too-slow", passing=True, url=url, seconds=self.limits.total)
        return Answer(url, status, body, hashlib.sha256(body).hexdigest(), headers)

    def _body(self, url: str, response: requests.Response, size: int) -> bytes:
        encoding = response.headers.get("Content-Encoding", "identity").lower().strip()
        unzip = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            unzip = zlib.decompressobj(47)  # 32 + 15: gzip or zlib, whichever the header says
        elif encoding not in ("", "identity"):
            raise FetchError("content-encoding", url=url, encoding=encoding)
        parts: list[bytes] = []
        received = length = 0
        while True:
            # read1 gives what has come; read(n) would wait for n bytes as long as something drips.
            chunk = response.raw.read1(64 * 1024, decode_content=False)
            if not chunk:
                break
            received += len(chunk)
            if unzip is not None:
                chunk = unzip.decompress(chunk, size - length + 1)
                if unzip.unconsumed_tail:
                    raise FetchError("too-large", url=url, limit=size // 1024 // 1024)
            length += len(chunk)
            if length > size:
                raise FetchError("too-large", url=url, limit=size // 1024 // 1024)
            if unzip is not None and length > max(received * self.limits.ratio, 1024 * 1024):
                raise FetchError("zip-bomb", url=url)
            parts.append(chunk)
        if unzip is not None and received and not unzip.eof:
            raise FetchError("cut-short", passing=True, url=url)
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) != received:
            raise FetchError("cut-short", passing=True, url=url)
        return b"".join(parts)


def _fields(answer: Answer) -> dict[str, object]:
    return {name: getattr(answer, name) for name in Answer.__slots__}


def _utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
