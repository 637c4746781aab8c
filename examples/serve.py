#!/usr/bin/env python3
"""Serve a folder on loopback as a municipal web: ETag, Last-Modified, 304; ``{base}`` in ``*.in`` files becomes the address.

usage: python examples/serve.py FOLDER [--port 8600]
"""

from __future__ import annotations

import argparse
import hashlib
import mimetypes
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

mimetypes.add_type("text/csv", ".csv")


class Folder(BaseHTTPRequestHandler):
    """Answers with the files below `root`; anything else is 404."""

    protocol_version = "HTTP/1.1"
    root: Path

    def do_GET(self) -> None:
        path = (self.root / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if path.is_dir():
            path = path / "index.html"
        template = path.with_name(path.name + ".in")
        real = path if path.is_file() else template
        if not path.is_relative_to(self.root) or not real.is_file():
            self._answer(404, b"not found\n", {"Content-Type": "text/plain"})
            return
        body = real.read_bytes()
        if real == template:
            body = body.replace(b"{base}", f"http://{self.headers.get('Host', '')}".encode())
        modified = int(real.stat().st_mtime)
        headers = {
            "Content-Type": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Last-Modified": formatdate(modified, usegmt=True),
        }
        match, since = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        known = bool(since) and parsedate_to_datetime(since or "").timestamp() >= modified
        fresh = match == headers["ETag"] if match else known
        self._answer(304 if fresh else 200, b"" if fresh else body, headers)

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def server(root: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server for `root` on 127.0.0.1, not yet running; port 0 takes a free one."""
    handler = type("Handler", (Folder,), {"root": root.resolve()})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8600)
    args = parser.parse_args()
    running = server(args.folder, args.port)
    print(f"serving {args.folder} on http://127.0.0.1:{running.server_port}", flush=True)
    running.serve_forever()


if __name__ == "__main__":
    main()
