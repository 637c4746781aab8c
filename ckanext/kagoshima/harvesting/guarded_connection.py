"""Connections that look where they go, and a deadline that holds for the whole request.

urllib3 resolves a name and connects in one step; here the step is ours, so that the address which was checked is the one
that is used. A deadline shuts the socket down from outside: a server that drips one byte a second never trips a read
time-out, and neither does one that drips its headers.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from ckanext.kagoshima.harvesting import addresses, watchdog

_current = threading.local()


class Forbidden(Exception):
    """The name led to an address that the harvester may not connect to."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} → {address}")
        self.host = host
        self.address = address


class Deadline:
    """Ends every connection that the current thread uses inside the block after `seconds`. `expired` says that it did."""

    def __init__(self, seconds: float) -> None:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.expired = False
        self.seconds = seconds

    def __enter__(self) -> Deadline:
        _current.deadline = self
        self._watchdog = watchdog.current()
        self._number = self._watchdog.call_in(self.seconds, self._expire)
        return self

    def __exit__(self, *_: object) -> None:
        self._watchdog.cancel(self._number)
        _current.deadline = None
        with self._lock:
            for sock in self._sockets:
                with suppress(OSError):
                    sock.close()
            self._sockets.clear()

    def watch(self, sock: socket.socket) -> None:
        # A second handle: shutting it down ends the connection whoever holds the first one (TLS takes it away from us).
        with self._lock:
            if self.expired:
                raise TimeoutError("deadline")
            self._sockets.append(socket.socket(fileno=os.dup(sock.fileno())))

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            for sock in self._sockets:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


def _watch(sock: socket.socket | None) -> None:
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None and sock is not None:
        deadline.watch(sock)


def connect(host: str, port: int, timeout: Any, allow: frozenset[str], options: Any = None) -> socket.socket:
    """A socket to `host`, to an address that was checked. Raises `Forbidden`, or `OSError` where nobody answers."""
    host = host.strip("[]")
    allowed = f"{host.lower()}:{port}" in allow
    failure: OSError = OSError(f"no address for {host}")
    for family, kind, protocol, _name, target in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        number = str(target[0])
        if not (addresses.is_public(number) or (allowed and addresses.is_local(number))):
            raise Forbidden(host, number)
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            if isinstance(timeout, int | float):
                sock.settimeout(timeout)
            sock.connect(target)
            return sock
        except OSError as error:
            failure = error
            sock.close()
    raise failure


class _Guarded(HTTPConnection):
    """What both kinds of connection share; `allow` is put in by the adapter."""

    allow: frozenset[str] = frozenset()

    def _new_conn(self) -> socket.socket:
        try:
            sock = connect(self._dns_host, self.port or self.default_port, self.timeout, self.allow, self.socket_options)
        except socket.gaierror as error:
            raise NewConnectionError(self, f"name: {error}") from error
        except TimeoutError:
            raise
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
        _watch(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:  # a kept-alive connection is watched anew
        _watch(self.sock)
        super().request(*args, **kwargs)


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class GuardedAdapter(HTTPAdapter):
    """A requests adapter whose direct connections are checked. `allow` holds ``host:port`` of local servers that are meant.

    Through a proxy the proxy resolves the name: the client then checks literal addresses, and the proxy's own policy rules
    the rest (docs/harvesting.md).
    """

    def __init__(self, allow: frozenset[str], context: ssl.SSLContext | None = None) -> None:
        self._allow = allow
        self._context = context
        super().__init__(pool_connections=64, pool_maxsize=8)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)
        plain = type("Plain", (_Guarded,), {"allow": self._allow})
        secure = type("Secure", (_GuardedTLS,), {"allow": self._allow})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
