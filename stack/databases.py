"""The private PostgreSQL cluster: made with initdb, its roles and databases.

PostgreSQL refuses to run as root, so there it runs as Debian's user `postgres`; a run folder that this user cannot enter
(a clone in a temporary folder, say) has its cluster in /var/tmp, under a name of its own.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from stack.progress import Failure
from stack.settings import Stack

USER = "postgres"


def binaries() -> Path:
    """The newest PostgreSQL of this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise Failure("PostgreSQL is missing. Debian:  apt-get install postgresql")
    return found[-1].parent


def as_other_user() -> bool:
    return os.geteuid() == 0


def _can_be_entered(folder: Path) -> bool:
    """Whether another user can pass through every folder on the way."""
    while not folder.exists():
        folder = folder.parent
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def data_folder(stack: Stack) -> Path:
    if as_other_user() and not _can_be_entered(stack.run):
        return Path("/var/tmp") / f"kagoshima-{stack.key}" / "postgres"
    return stack.run / "postgres"


def _command(*arguments: str) -> list[str]:
    return ["runuser", "-u", USER, "--", *arguments] if as_other_user() else list(arguments)


def make_cluster(stack: Stack) -> bool:
    """Make the cluster if it is not there, or if it belonged to a run folder that is gone. True if it was made.

    :raises Failure: initdb failed.
    """
    data, mark = data_folder(stack), stack.run / "postgres.id"
    theirs = data / "kagoshima.id"
    known = mark.read_text().strip() if mark.exists() else None
    if (data / "PG_VERSION").exists() and known and theirs.exists() and theirs.read_text().strip() == known:
        if (data / "PG_VERSION").read_text().strip() != binaries().parent.name:
            raise Failure(f"{data} was made by another PostgreSQL. `make clean` removes it with all the data in it.")
        return False
    shutil.rmtree(data, ignore_errors=True)
    # The catalogue that was set up in the old cluster is gone with it: the site must not start before the migrations.
    stack.set_up.unlink(missing_ok=True)
    data.mkdir(parents=True, mode=0o700)
    password_file = data.parent / f".{secrets.token_hex(8)}"
    with open(os.open(password_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(stack.passwords["postgres"])
    if as_other_user():
        shutil.chown(data, USER)
        shutil.chown(password_file, USER)
    try:
        done = subprocess.run(
            # Without LANG initdb would make an SQL_ASCII cluster; C.UTF-8 knows kanji as letters (pg_trgm needs that).
            _command(str(binaries() / "initdb"), "-D", str(data), "-E", "UTF8", "--locale=C.UTF-8", "-U", USER,
                     "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"),
            cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    finally:
        password_file.unlink()
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise Failure(f"initdb failed:\n{done.stdout}{done.stderr}")
    with open(data / "postgresql.auto.conf", "a", encoding="utf-8") as file:
        file.write(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\n"
            f"shared_buffers = '{_shared_buffers()}MB'\nwork_mem = '16MB'\nmaintenance_work_mem = '128MB'\n"
            "timezone = 'UTC'\nlog_timezone = 'UTC'\nlc_messages = 'C.UTF-8'\n"
        )
        if stack.run.name.startswith(".run-test"):
            # Data that nobody misses after a power cut.
            file.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
    identity = secrets.token_hex(16)
    theirs.write_text(identity)
    mark.write_text(identity)
    return True


def _shared_buffers() -> int:
    """Megabytes: a quarter of the machine's, as PostgreSQL's manual advises (20.4.1), so that tables of a million rows stay in
    memory; it is taken only as it is used."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return max(128, min(memory // 4, 4096))


@contextmanager
def connection(stack: Stack, database: str = "postgres") -> Iterator[Any]:
    """A cursor of the superuser, each statement by itself."""
    connected = psycopg2.connect(stack.database_url(USER, database), connect_timeout=5)
    connected.autocommit = True
    try:
        with connected.cursor() as cursor:
            yield cursor
    finally:
        connected.close()


def answers(stack: Stack) -> bool:
    try:
        with connection(stack):
            return True
    except psycopg2.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Failure(
                f"The PostgreSQL on port {stack.ports['POSTGRES_PORT']} is not the one of {stack.run}. "
                "Stop it, or set another POSTGRES_PORT."
            ) from error
        return False


def make_databases(stack: Stack, main: str, datastore: str) -> None:
    """The two databases of one CKAN with their roles: `ckan` writes both, `datastore_read` reads the DataStore's alone."""
    with connection(stack) as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        roles = {name for (name,) in cursor.fetchall()}
        for role, password in (("ckan", "ckan"), ("datastore_read", "datastore_read")):
            verb = "ALTER" if role in roles else "CREATE"
            cursor.execute(
                sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(stack.passwords[password])
                )
            )
        cursor.execute("SELECT datname FROM pg_database")
        databases = {name for (name,) in cursor.fetchall()}
        for database in {main, datastore} - databases:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER ckan TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(database))
            )
    _set_datastore_permissions(stack, main, datastore)


def _set_datastore_permissions(stack: Stack, main: str, datastore: str) -> None:
    """What `ckan datastore set-permissions` prints, from the same file of the installed CKAN, without its 6 s of start."""
    found = list(stack.venv.glob("lib/python*/site-packages/ckanext/datastore/set_permissions.sql"))
    if not found:
        raise Failure(f"CKAN's set_permissions.sql is not in {stack.venv}. `make install` puts it there.")
    names = {"datastoredb": datastore, "maindb": main, "mainuser": "ckan", "writeuser": "ckan", "readuser": "datastore_read"}
    quoted = {name: '"' + value.replace('"', '""') + '"' for name, value in names.items()}
    script = re.sub(r"(?m)^\\connect .*$", "", found[0].read_text(encoding="utf-8").format(**quoted))
    with connection(stack, datastore) as cursor:
        cursor.execute(script)


def remove(stack: Stack) -> None:
    shutil.rmtree(data_folder(stack), ignore_errors=True)
    outside = Path("/var/tmp") / f"kagoshima-{stack.key}"
    shutil.rmtree(outside, ignore_errors=True)
