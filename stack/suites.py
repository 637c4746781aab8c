"""`make test`: every suite on its own stack beside a running catalogue, and one line that sums them.

Two things run at a time (the machine this is made for has two cores): lint, core, package and the harvester in one lane;
services, the rest of the plugin, set-up and browser in the other. Each plugin suite has databases of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from stack import services, supervision
from stack.demo import demo
from stack.progress import Failure, fail, say
from stack.settings import PROJECT, Stack

WITHOUT_CKAN = ("-p", "no:ckan", "-p", "no:ckan_fixtures")
"""CKAN registers itself with every pytest run and starts; the core must run without."""
HARVESTER = "test_harvest_*.py"
"""The slowest half of the plugin's tests."""


@dataclass
class Outcome:
    """What one suite came to. `problem` is set where it ended without results, or could not begin."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    problem: str = ""


@dataclass
class Run:
    stack: Stack
    outcomes: list[Outcome] = field(default_factory=list)
    printing: threading.Lock = field(default_factory=threading.Lock)
    services_tried: threading.Event = field(default_factory=threading.Event)

    def command(self, name: str, command: list[str], environment: dict[str, str] | None = None, live: bool = False) -> bool:
        """Run a command; its output appears as it comes, or in one piece at its end. True if it succeeded."""
        begin = time.monotonic()
        log = self.stack.log / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8") as output:
            code = subprocess.run(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})},
                stdout=None if live else output, stderr=subprocess.STDOUT,
            ).returncode  # fmt: skip
        with self.printing:
            say(f"{name}: {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - begin:.0f} s)")
            if not live:
                print(log.read_text(encoding="utf-8", errors="replace"), flush=True)
        return code == 0

    def suite(self, name: str, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        results = self.stack.log / f"{name}.xml"
        results.unlink(missing_ok=True)
        begin = time.monotonic()
        command = [sys.executable, "-m", "pytest", f"--junitxml={results}", "-q", *arguments]
        succeeded = self.command(name, command, environment)
        self.outcomes.append(_read(name, results, succeeded, time.monotonic() - begin))

    def check(self, name: str, command: list[str]) -> None:
        """A command that is no test but must succeed."""
        if not self.command(name, command):
            self.outcomes.append(Outcome(name, problem=f"{name} found something; see above"))


def _read(name: str, results: Path, succeeded: bool, seconds: float) -> Outcome:
    outcome = Outcome(name, seconds=seconds)
    try:
        suites = ElementTree.parse(results).getroot().iter("testsuite")
    except (OSError, ElementTree.ParseError):
        outcome.problem = f"{name}: pytest ended without results; see above"
        return outcome
    for suite in suites:
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        outcome.passed += max(0, tests - skipped - bad)
        outcome.failed += bad
        outcome.skipped += skipped
    if not succeeded and not outcome.failed:
        outcome.problem = f"{name}: pytest ended with an error; see above"
    elif succeeded and not outcome.passed:
        outcome.problem = f"{name}: no test ran"
    return outcome


def lint(run: Run) -> None:
    run.check("ruff", [sys.executable, "-m", "ruff", "check", "."])
    run.check("pyright", [sys.executable, "-m", "pyright"])


def core(run: Run) -> None:
    run.suite("core", [*WITHOUT_CKAN, "tests/core"])


def package(run: Run) -> None:
    run.services_tried.wait()
    run.suite("package", [*WITHOUT_CKAN, "tests/stack"])


def plugin(run: Run) -> None:
    try:
        services.up(run.stack)
    finally:
        run.services_tried.set()
    environment = services.test_environment(run.stack, "test")
    run.suite("plugin", ["--ckan-ini=test.ini", "tests/plugin", f"--ignore-glob=*/{HARVESTER}"], environment)


def harvester(run: Run) -> None:
    run.services_tried.wait()
    files = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "tests" / "plugin").glob(HARVESTER))
    run.suite("harvester", ["--ckan-ini=test.ini", *files], services.test_environment(run.stack, "harvester"))


def browser(run: Run) -> None:
    demo(run.stack, None)
    run.suite("browser", [*WITHOUT_CKAN, "tests/browser"], {"KAGOSHIMA_SITE_URL": run.stack.site_url})


def everything(stack: Stack) -> int:
    """Run all suites. 0 if every test passed and every check succeeded.

    What was not running before does not run afterwards.
    """
    run = Run(stack)
    running_before = supervision.is_up(stack)
    begin = time.monotonic()

    def lane(*suites: object) -> None:
        for suite in suites:
            try:
                suite(run)  # type: ignore[operator]
            except Failure as failure:
                fail(str(failure))
                run.outcomes.append(Outcome(getattr(suite, "__name__", "?"), problem=str(failure).splitlines()[0]))

    other = threading.Thread(target=lane, args=(lint, core, package, harvester), daemon=True)
    try:
        other.start()
        lane(plugin, browser)
        other.join()
    finally:
        if not running_before:
            supervision.shut_down(stack)
    return report(run, time.monotonic() - begin)


def report(run: Run, seconds: float) -> int:
    """Print a line per suite and, last of all, their sum in pytest's words."""
    print(flush=True)
    for outcome in sorted(run.outcomes, key=lambda each: each.name):
        counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped in {outcome.seconds:.0f}s"
        print(f"{outcome.name:9} {outcome.problem or counts}")
    passed, failed, skipped = (sum(getattr(each, key) for each in run.outcomes) for key in ("passed", "failed", "skipped"))
    failed += sum(1 for each in run.outcomes if each.problem)
    print(f"({seconds:.0f} s)\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0
