"""`make demo`: the whole catalogue, from nothing to a running site with data in it."""

from __future__ import annotations

import ipaddress
import os
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import yaml

from stack import services, supervision
from stack.progress import Failure, say, step, tail
from stack.rendering import render, write
from stack.settings import PROJECT, Stack

PLUGINS = (
    "kagoshima kagoshima_harvester dcat scheming_datasets scheming_organizations harvest datastore "
    "activity datatables_view text_view image_view"
)
SITE = ("web", "nginx")
WORKERS = ("jobs", "harvest-gather", "harvest-fetch", "schedule")
"""Started when the site answers: each is a start of CKAN more, and the visitors come first."""
CODE = ("ckanext", "recommended_datasets", "schemas", "migrations")


def demo(stack: Stack, sources: Path | None) -> None:
    """Start everything, set the catalogue up from `sources` (or the example municipal web), and say where it is.

    :raises Failure: a step failed; the text says which and what to do.
    """
    begin = time.monotonic()
    if sources is not None and not sources.is_file():
        raise Failure(f"SOURCES={sources}: there is no such file.")
    allow = [_own(stack.examples_url)] if sources is None else local_addresses(sources)
    services.up(stack)
    with services.one_at_a_time(stack):
        if sources is None:
            sources = _serve_examples(stack)
        _configure(stack, allow)
        if stack.set_up.exists():
            # The database is there: the site answers first, then the set-up looks for what is new.
            _start_site(stack)
            _wait_for_site(stack)
            _set_up(stack, sources)
        else:
            _set_up(stack, sources)
            stack.set_up.touch()
            _start_site(stack)
            _wait_for_site(stack)
        supervision.start(stack, *WORKERS)
    _summary(stack, time.monotonic() - begin)


def local_addresses(sources: Path) -> list[str]:
    """The ``host:port`` pairs of loopback or private servers that a sources file names: these and no others are allowed.

    :raises Failure: the file is no list of sources.
    """
    try:
        entries = yaml.safe_load(sources.read_text(encoding="utf-8")) or []
        addresses = [str(entry["url"]) for entry in entries]
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise Failure(f"{sources} is no sources file (a list with `municipality_code` and `url`): {error}") from error
    found = set()
    for address in addresses:
        host = urlsplit(address).hostname or ""
        try:
            inside = ipaddress.ip_address(host).is_private
        except ValueError:
            inside = host == "localhost"
        if inside:
            found.add(_own(address))
    return sorted(found)


def _own(address: str) -> str:
    parts = urlsplit(address)
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _serve_examples(stack: Stack) -> Path:
    folder = stack.run / "examples"
    if not (folder / "sources.yaml").exists() or stack.examples_url not in (folder / "sources.yaml").read_text("utf-8"):
        with step("An invented municipal web (見本)"):
            done = subprocess.run(
                [sys.executable, str(PROJECT / "examples" / "generate.py"), "--base", stack.examples_url, "-o", str(folder)],
                cwd=PROJECT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        if done.returncode:
            raise Failure(f"examples/generate.py failed:\n{done.stderr}")
    supervision.start(stack, "examples")
    supervision.wait_for(stack, "examples", lambda: not supervision.is_free(stack.ports["EXAMPLES_PORT"]), 30)
    return folder / "sources.yaml"


def _configure(stack: Stack, allow: list[str]) -> None:
    public = next(iter(stack.venv.glob("lib/python*/site-packages/ckan/public")), None)
    if public is None:
        raise Failure(f"CKAN is not in {stack.venv}. `make install` puts it there.")
    types = Path("/etc/nginx/mime.types")
    if not types.exists():
        raise Failure("nginx's mime.types is missing. Debian:  apt-get install nginx-light")
    filled = {
        **services.values(stack),
        "PLUGINS": PLUGINS,
        "ALLOW": " ".join(allow),
        "CKAN_PUBLIC": str(public),
        "NGINX_TYPES": str(types),
    }
    for folder in ("public", "webassets", "storage/site", "storage/resources", "storage/archive", "nginx/temp"):
        (stack.run / folder).mkdir(parents=True, exist_ok=True)
    changed = write(stack.ini, render("ckan.ini", filled), private=True)
    changed |= write(stack.run / "uwsgi.ini", render("uwsgi.ini", filled))
    changed |= write(stack.run / "nginx" / "nginx.conf", render("nginx.conf", filled))
    if changed or _newest_code() > _stamp(stack):
        running = supervision.states(stack)
        if any(running.get(name) == "RUNNING" for name in (*SITE, *WORKERS)):
            with step("The code or the configuration changed: the site is started anew"):
                supervision.stop(stack, *SITE, *WORKERS)


def _newest_code() -> float:
    return max(path.stat().st_mtime for folder in CODE for path in (PROJECT / folder).rglob("*") if path.is_file())


def _stamp(stack: Stack) -> float:
    mark = stack.run / "started"
    return mark.stat().st_mtime if mark.exists() else 0.0


def _start_site(stack: Stack) -> None:
    if supervision.states(stack).get("web") != "RUNNING":
        (stack.run / "started").touch()
    supervision.start(stack, *SITE)


def _set_up(stack: Stack, sources: Path) -> None:
    """Everything after the services is one process: a start of CKAN costs seconds."""
    say("ckan kagoshima setup")
    command = stack.ckan("kagoshima", "setup", "--sources", str(sources))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, env=environment)
    if done.returncode:
        raise Failure(f"The set-up failed; its messages are above. To try it alone:\n  {shlex.join(command)}")


def _wait_for_site(stack: Stack) -> None:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{stack.site_url}/api/3/action/status_show", timeout=60):
                return True
        except HTTPError as error:
            if error.code in (502, 503, 504):
                return False
            raise Failure(f"{stack.site_url} answers {error.code}.\n{tail(stack.log / 'web.log')}") from error
        except OSError:
            return False

    with step("The site"):
        supervision.wait_for(stack, "web", answers, 300)
        # The first page builds the assets; nobody should wait for that.
        for path in ("/", "/dataset/"):
            try:
                with urllib.request.urlopen(stack.site_url + path, timeout=60):
                    pass
            except OSError as error:
                raise Failure(f"{stack.site_url}{path}: {error}\n{tail(stack.log / 'web.log')}") from error


def _summary(stack: Stack, seconds: float) -> None:
    print(f"""
✓ カタログが動いています / the catalogue is running  ({seconds:.0f} s)
  {stack.site_url}/               カタログ / catalogue
  {stack.site_url}/check          ファイルの確認 / check a file
  {stack.site_url}/catalog.ttl    DCAT
  {stack.ini}   設定 / configuration:  {stack.venv}/bin/ckan -c {stack.ini} …
  {stack.log}/  記録 / logs
  停止 / stop:  make stop""", flush=True)  # fmt: skip
