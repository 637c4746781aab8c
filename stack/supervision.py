"""One supervisor for everything that runs: start, wait, stop."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from stack.progress import Failure, tail
from stack.settings import Stack, is_free

PORT_OF = {
    "postgres": "POSTGRES_PORT",
    "redis": "REDIS_PORT",
    "solr": "SOLR_PORT",
    "examples": "EXAMPLES_PORT",
    "nginx": "CKAN_PORT",
}


def _server(stack: Stack) -> Any:
    transport = SupervisorTransport(None, None, f"unix://{stack.socket_folder}/supervisor.sock")
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def is_up(stack: Stack) -> bool:
    try:
        return bool(_server(stack).getPID())
    except (OSError, Fault):
        return False


def start_supervisor(stack: Stack) -> None:
    """Start the supervisor in the background, or let a running one read its configuration again."""
    if is_up(stack):
        server = _server(stack)
        (added, changed, removed), *_ = server.reloadConfig()
        for name in (*changed, *removed):
            server.stopProcessGroup(name)
            server.removeProcessGroup(name)
        for name in (*added, *changed):
            server.addProcessGroup(name)
        return
    (stack.run / "supervisord.pid").unlink(missing_ok=True)
    stack.log.mkdir(parents=True, exist_ok=True)
    stack.socket_folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [str(stack.venv / "bin" / "supervisord"), "-c", str(stack.run / "supervisord.conf")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise Failure(f"supervisord did not start:\n{done.stdout}{done.stderr}{tail(stack.log / 'supervisord.log')}")
    wait("supervisord", lambda: is_up(stack), 20, stack.log / "supervisord.log")


def states(stack: Stack) -> dict[str, str]:
    return {info["name"]: info["statename"] for info in _server(stack).getAllProcessInfo()} if is_up(stack) else {}


def start(stack: Stack, *programs: str) -> None:
    """Start those that do not run. A port that somebody else holds is named.

    :raises Failure: a port is in use, or a program ended at once.
    """
    server = _server(stack)
    for name in programs:
        if states(stack).get(name) in ("RUNNING", "STARTING"):
            continue
        if name in PORT_OF:
            check_port(stack, PORT_OF[name])
        try:
            server.startProcess(name, False)
        except Fault as fault:
            raise Failure(f"{name} did not start ({fault.faultString}).\n{tail(stack.log / f'{name}.log')}") from fault


def stop(stack: Stack, *programs: str) -> None:
    server = _server(stack)
    for name in programs:
        if states(stack).get(name) in ("RUNNING", "STARTING", "BACKOFF"):
            server.stopProcess(name, True)


def restart(stack: Stack, *programs: str) -> None:
    stop(stack, *programs)
    start(stack, *programs)


def check_port(stack: Stack, variable: str) -> None:
    port = stack.ports[variable]
    if not is_free(port):
        raise Failure(
            f"Port {port} is in use{_holder(port)}. "
            f"Stop that program, or choose another port:  make … {variable}={port + 1000}"
        )


def _holder(port: int) -> str:
    """ " by nginx (process 123)", as far as /proc tells this user."""
    try:
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return ""
    wanted = {f"socket:[{row[9]}]" for row in map(str.split, lines) if row[3] == "0A" and int(row[1][-4:], 16) == port}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in wanted:
                process = link.parent.parent
                return f" by {(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue
    return ""


def wait(name: str, ready: Callable[[], bool], seconds: float, log: Path, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until a service answers.

    :raises Failure: it does not within `seconds`, or it died; the end of its log is in the text.
    """
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end or not alive():
            raise Failure(f"{name} does not answer.\n{tail(log)}\nThe whole log: {log}")
        time.sleep(0.2)


def wait_for(stack: Stack, program: str, ready: Callable[[], bool], seconds: float) -> None:
    def alive() -> bool:
        return states(stack).get(program) in ("RUNNING", "STARTING", "BACKOFF")

    wait(program, ready, seconds, stack.log / f"{program}.log", alive)


def redis_answers(stack: Stack) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", stack.ports["REDIS_PORT"]), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def shut_down(stack: Stack) -> bool:
    """Stop everything and wait until it is gone. True if anything ran."""
    if not is_up(stack):
        return False
    server = _server(stack)
    pid = server.getPID()
    server.shutdown()
    end = time.monotonic() + 120
    while os.path.exists(f"/proc/{pid}"):
        if time.monotonic() > end:
            raise Failure(f"The supervisor (process {pid}) does not end. See {stack.log / 'supervisord.log'}")
        time.sleep(0.1)
    return True
