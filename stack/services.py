"""PostgreSQL, Redis and Solr of a stack: configured, started, waited for."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import databases, search_server, supervision
from stack.progress import Failure, step
from stack.rendering import render, write
from stack.settings import PROJECT, Stack


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        raise Failure(f"{name} is missing. Debian:  apt-get install {package}")
    return found


def _nginx_error_log(nginx: str, log: Path) -> str:
    """The option -e, which nginx before 1.19.5 does not know; without it nginx first looks into /var/log."""
    shown = subprocess.run([nginx, "-v"], capture_output=True, text=True).stderr
    found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", shown)
    return f'-e "{log}"' if found and tuple(map(int, found.groups())) >= (1, 19, 5) else ""


def values(stack: Stack) -> dict[str, str]:
    """What the templates ask for."""
    root = databases.as_other_user()
    nginx = _program("nginx", "nginx-light")
    return {
        **{name: str(port) for name, port in stack.ports.items()},
        "RUN": str(stack.run),
        "VENV": str(stack.venv),
        "PROJECT": str(PROJECT),
        "SOCKETS": str(stack.socket_folder),
        "SITE_URL": stack.site_url,
        "SOLR_LIB": str(stack.solr_lib),
        "SOLR_URL": stack.solr_url,
        "REDIS_URL": stack.redis_url("catalogue"),
        "REDIS_SERVER": _program("redis-server", "redis-server"),
        "NGINX": nginx,
        "NGINX_ERRORS": _nginx_error_log(nginx, stack.log / "nginx.log"),
        "NGINX_USER": "user root;" if root else "",
        "JAVA": search_server.java(),
        "POSTGRES_BIN": str(databases.binaries()),
        "POSTGRES_DATA": str(databases.data_folder(stack)),
        "POSTGRES_USER": f"user={databases.USER}" if root else "",
        "SUPERVISOR_USER": "user=root" if root else "",
        "DATABASE_URL": stack.database_url("ckan", "ckan"),
        "DATASTORE_WRITE_URL": stack.database_url("ckan", "datastore"),
        "DATASTORE_READ_URL": stack.database_url("datastore_read", "datastore"),
        "SECRET_KEY": stack.passwords["secret_key"],
        "JWT_SECRET": stack.passwords["jwt_secret"],
    }


@contextmanager
def one_at_a_time(stack: Stack) -> Iterator[None]:
    """Two commands on one run folder wait for each other."""
    stack.run.mkdir(parents=True, exist_ok=True)
    with open(stack.run / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(f"Another command is at work in {stack.run.name}; waiting for it"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def up(stack: Stack) -> None:
    """Start PostgreSQL, Redis and Solr if they do not run, and wait until they answer.

    :raises Failure: one of them does not; the text says why and what to do.
    """
    with one_at_a_time(stack):
        search_server.fetch_jars(stack)
        _configure(stack)
        _up(stack)


def _configure(stack: Stack) -> None:
    filled = values(stack)
    for folder in ("redis", "log", "nginx", "storage"):
        (stack.run / folder).mkdir(parents=True, exist_ok=True)
    write(stack.run / "redis.conf", render("redis.conf", filled), private=True)
    write(stack.run / "supervisord.conf", render("supervisord.conf", filled), private=True)


def _up(stack: Stack) -> None:
    running = supervision.states(stack)
    configset_changed = search_server.make_home(stack)
    if not running.get("postgres") == "RUNNING":
        supervision.check_port(stack, "POSTGRES_PORT")
        if databases.make_cluster(stack):
            with step("A new PostgreSQL cluster"):
                pass
    supervision.start_supervisor(stack)
    with step("PostgreSQL, Redis, Solr"):
        supervision.start(stack, "solr", "postgres", "redis")
        supervision.wait_for(stack, "postgres", lambda: databases.answers(stack), 120)
        supervision.wait_for(stack, "redis", lambda: supervision.redis_answers(stack), 60)
        databases.make_databases(stack, "ckan", "datastore")
        if configset_changed and running.get("solr") == "RUNNING":
            search_server.reload(stack)
        supervision.wait_for(stack, "solr", lambda: search_server.answers(stack), 300)


def test_environment(stack: Stack, name: str) -> dict[str, str]:
    """The environment of a test run: databases, Redis number and site id of its own, so that several can run at once."""
    suffix = "" if name == "test" else f"_{name}"
    main, datastore = f"ckan_test{suffix}", f"datastore_test{suffix}"
    databases.make_databases(stack, main, datastore)
    return {
        "CKAN_SQLALCHEMY_URL": stack.database_url("ckan", main),
        "CKAN_DATASTORE_WRITE_URL": stack.database_url("ckan", datastore),
        "CKAN_DATASTORE_READ_URL": stack.database_url("datastore_read", datastore),
        "CKAN_REDIS_URL": stack.redis_url(f"test-{name}"),
        "CKAN_SOLR_URL": stack.solr_url,
        "CKAN_SITE_ID": f"test-{name}",
    }


def remove(stack: Stack) -> None:
    """Everything that this stack has put on the disk."""
    databases.remove(stack)
    shutil.rmtree(stack.run, ignore_errors=True)
    if stack.socket_folder != stack.run:
        shutil.rmtree(stack.socket_folder, ignore_errors=True)
    other = Path("/tmp") / f"kagoshima-{stack.key}"
    shutil.rmtree(other, ignore_errors=True)
