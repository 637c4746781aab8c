"""Where a stack keeps its things, on which ports it listens, and its passwords.

A stack is a run folder (`RUN_DIR`, `.run` by default). Its ports and passwords are decided once and kept in
`stack.json` there (readable by its owner alone), so that later commands find the same services.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from stack.progress import Failure

PROJECT = Path(__file__).resolve().parent.parent
PORTS = {"CKAN_PORT": 5000, "POSTGRES_PORT": 5480, "REDIS_PORT": 6480, "SOLR_PORT": 8980, "EXAMPLES_PORT": 8780}
"""Environment variable → the port where nothing else is said. None of them is a port of Debian's own services."""
PASSWORDS = ("postgres", "ckan", "datastore_read", "secret_key", "jwt_secret")
REDIS_PATIENCE = 1_000_000
"""Seconds that a worker waits for a message; a socket cannot wait for more than 24 days."""


@dataclass
class Stack:
    run: Path
    ports: dict[str, int]
    passwords: dict[str, str]
    redis_numbers: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names this run folder where a path of its own would be too long or out of reach."""
        return hashlib.sha256(str(self.run).encode()).hexdigest()[:12]

    @property
    def venv(self) -> Path:
        return Path(os.path.abspath(PROJECT / os.environ.get("VENV", ".run/venv")))

    @property
    def solr_lib(self) -> Path:
        """The jars, shared by the stacks of this clone."""
        return self.venv.parent / "solr-lib"

    @property
    def ini(self) -> Path:
        return self.run / "ckan.ini"

    @property
    def set_up(self) -> Path:
        """The mark that the catalogue in the cluster was set up once."""
        return self.run / "ready"

    @property
    def log(self) -> Path:
        return self.run / "log"

    @property
    def site_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['CKAN_PORT']}"

    @property
    def examples_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['EXAMPLES_PORT']}"

    @property
    def solr_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['SOLR_PORT']}/solr/ckan"

    @property
    def socket_folder(self) -> Path:
        """For Unix sockets, whose paths may not be longer than about 100 bytes."""
        return self.run if len(str(self.run)) < 80 else Path("/tmp") / f"kagoshima-{self.key}"

    def ckan(self, *arguments: str) -> list[str]:
        return [str(self.venv / "bin" / "ckan"), "-c", str(self.ini), *arguments]

    def redis_url(self, name: str) -> str:
        """A Redis database of its own for each user of the stack.

        redis-py 8 gives up reading after 5 s, which ends ckanext-harvest's consumers whenever their queue is empty so long.
        """
        if name not in self.redis_numbers:
            self.redis_numbers[name] = len(self.redis_numbers)
            self.save()
        return f"redis://127.0.0.1:{self.ports['REDIS_PORT']}/{self.redis_numbers[name]}?socket_timeout={REDIS_PATIENCE}"

    def database_url(self, user: str, database: str) -> str:
        password = self.passwords["ckan" if user == "ckan" else user]
        return f"postgresql://{user}:{password}@127.0.0.1:{self.ports['POSTGRES_PORT']}/{database}"

    def save(self) -> None:
        self.run.mkdir(parents=True, exist_ok=True)
        path = self.run / "stack.json"
        content = {"ports": self.ports, "passwords": self.passwords, "redis_numbers": self.redis_numbers}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free_port() -> int:
    """A port below those that the system gives to outgoing connections."""
    while not is_free(port := 20000 + secrets.randbelow(12000)):
        pass
    return port


def _supervisor_lives(run: Path) -> bool:
    try:
        return Path(f"/proc/{int((run / 'supervisord.pid').read_text())}").exists()
    except (OSError, ValueError):
        return False


def _number(name: str, text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Failure(f"{name}={text}: a port is a number from 1 to 65535.")
    return int(text)


def load(run_dir: str | None = None, free_ports: bool = False) -> Stack:
    """The stack of a run folder; its ports and passwords are made when it is new.

    :param free_ports: take whichever ports are free instead of those of the environment (the test stack).
    :raises Failure: a port in the environment is no port.
    """
    run = Path(os.path.abspath(PROJECT / (run_dir or os.environ.get("RUN_DIR") or ".run")))
    try:
        saved = json.loads((run / "stack.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        saved = {}
    known = saved.get("ports", {})
    if free_ports:
        # Somebody else may have taken a port while the stack was down.
        keep = _supervisor_lives(run)
        ports = {name: known[name] if name in known and (keep or is_free(known[name])) else _any_free_port() for name in PORTS}
    else:
        ports = {
            name: _number(name, os.environ[name]) if os.environ.get(name) else known.get(name, default)
            for name, default in PORTS.items()
        }
    if len(set(ports.values())) < len(ports):
        raise Failure(f"Two services on one port: {ports}. Set other ports: {' '.join(PORTS)}.")
    passwords = {name: saved.get("passwords", {}).get(name) or secrets.token_urlsafe(24) for name in PASSWORDS}
    stack = Stack(run, ports, passwords, saved.get("redis_numbers", {}))
    if {"ports": ports, "passwords": passwords} != {name: saved.get(name) for name in ("ports", "passwords")}:
        stack.save()
    return stack
