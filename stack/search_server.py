"""Solr: its jars by Maven, its home folder with one core from `solr/configset`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import urllib.request

from stack.progress import Failure, step, tail
from stack.settings import PROJECT, Stack

SOURCE = PROJECT / "stack" / "solr"
CORE = "ckan"


def fetch_jars(stack: Stack) -> None:
    """Copy Solr's jars from Maven Central, once per clone and version.

    :raises Failure: Maven failed.
    """
    wanted = hashlib.sha256((SOURCE / "pom.xml").read_bytes()).hexdigest()
    mark = stack.solr_lib / "pom.sha256"
    if mark.exists() and mark.read_text() == wanted:
        return
    if not shutil.which("mvn"):
        raise Failure("Maven is missing. Debian:  apt-get install maven")
    log = stack.log / "maven.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(stack.solr_lib, ignore_errors=True)
    with step("Solr from Maven Central"), open(log, "w") as output:
        done = subprocess.run(
            ["mvn", "-B", "-q", "-f", str(SOURCE / "pom.xml"), "dependency:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={stack.solr_lib}"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    if done.returncode:
        raise Failure(f"Maven could not fetch Solr. Is Maven Central within reach?\n{tail(log)}\nThe whole log: {log}")
    mark.write_text(wanted)


def java() -> str:
    found = shutil.which("java")
    if not found:
        raise Failure("Java is missing. Debian:  apt-get install default-jdk-headless")
    return found


def make_home(stack: Stack) -> bool:
    """Put the core's configuration where Solr looks for it. True if anything in it changed."""
    home = stack.run / "solr"
    conf = home / CORE / "conf"
    changed = False
    conf.mkdir(parents=True, exist_ok=True)
    files = {home / "solr.xml": (SOURCE / "solr.xml").read_bytes(), home / CORE / "core.properties": f"name={CORE}\n".encode()}
    files |= {conf / file.name: file.read_bytes() for file in (SOURCE / "configset").iterdir()}
    for path, content in files.items():
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            changed = True
    for extra in set(os.listdir(conf)) - {path.name for path in files}:
        (conf / extra).unlink()
        changed = True
    return changed


def answers(stack: Stack) -> bool:
    try:
        with urllib.request.urlopen(f"{stack.solr_url}/admin/ping?wt=json", timeout=5) as answer:
            return json.load(answer).get("status") == "OK"
    except (OSError, ValueError):
        return False


def reload(stack: Stack) -> None:
    """Read the configset anew: word lists and analyzers of queries are in force at once.

    :raises Failure: Solr refuses the configset.
    """
    address = stack.solr_url.rpartition("/")[0] + f"/admin/cores?action=RELOAD&core={CORE}&wt=json"
    try:
        with urllib.request.urlopen(address, timeout=60):
            pass
    except OSError as error:
        raise Failure(f"Solr refuses stack/solr/configset: {error}. See {stack.log / 'solr.log'}") from error
