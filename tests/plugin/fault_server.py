"""A web server on loopback that does what one tells it to: pages, files, and every fault that real servers have."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

Behaviour = Callable[[BaseHTTPRequestHandler], None]


class FaultServer:
    """`pages`: path → bytes (answered with an ETag, 304 where it is known) or a function that plays a fault. `gets` counts."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Behaviour] = {}
        self.gets: Counter[str] = Counter()
        self.agents: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                outer.gets[path] += 1
                outer.agents.add(self.headers.get("User-Agent", ""))
                page = outer.pages.get(path)
                if callable(page):
                    page(self)
                    return
                if page is None:
                    answer(self, 404, b"not found\n", {"Content-Type": "text/plain"})
                    return
                body = page.replace(b"{base}", outer.base.encode())
                etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                known = self.headers.get("If-None-Match") == etag
                kind = "text/html" if path.endswith(".html") else "text/csv"
                answer(self, 304 if known else 200, b"" if known else body, {"ETag": etag, "Content-Type": kind})

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"http://{self.pair}"

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    try:
        handler.wfile.write(body)
    except (BrokenPipeError, ConnectionResetError):
        pass


def drip(seconds: float, body: bytes = b"x" * 10_000) -> Behaviour:
    """One byte every `seconds`."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        import time

        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        try:
            for byte in body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(seconds)
        except OSError:
            pass

    return play


def drip_headers(seconds: float) -> Behaviour:
    """A status line, and then a header that never ends."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        import time

        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(10_000):
                handler.wfile.write(b"a")
                handler.wfile.flush()
                time.sleep(seconds)
        except OSError:
            pass

    return play


def endless(chunk: bytes = b"a,b\r\n" * 1000) -> Behaviour:
    """A body without end and without a length."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(chunk)
        except OSError:
            pass
        handler.close_connection = True

    return play


def wrong_length(body: bytes, length: int) -> Behaviour:
    """Fewer bytes than announced, then the end."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, 200, body, {"Content-Length": str(length)})
        handler.close_connection = True
        handler.connection.close()

    return play


def redirect(target: str, status: int = 302) -> Behaviour:
    return lambda handler: answer(handler, status, b"", {"Location": target})


def bomb(size: int) -> Behaviour:
    """`size` zero bytes, gzipped."""
    import gzip

    body = gzip.compress(b"\0" * size)
    return lambda handler: answer(handler, 200, body, {"Content-Encoding": "gzip"})


def once(status: int, then: bytes, headers: dict[str, str] | None = None) -> Behaviour:
    """`status` the first time, `then` ever after."""
    seen: list[bool] = []

    def play(handler: BaseHTTPRequestHandler) -> None:
        if seen:
            answer(handler, 200, then, {"Content-Type": "text/csv"})
        else:
            seen.append(True)
            answer(handler, status, b"", headers or {})

    return play


class SecureServer(FaultServer):
    """The same behind TLS, with the certificate and key of two PEM files."""

    def __init__(self, certificate: str, key: str) -> None:
        import ssl

        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def base(self) -> str:
        return f"https://{self.pair}"


class Proxy(FaultServer):
    """An HTTP proxy for http addresses; `asked`: the addresses it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                answer(self, 200, b"a\r\nthrough the proxy\r\n", {"Content-Type": "text/csv"})

            def log_message(self, *_: object) -> None:
                pass

        self._server.RequestHandlerClass = Handler
