"""python -m stack …: what the Makefile calls."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from stack import services, suites, supervision
from stack.demo import demo
from stack.progress import Failure, fail, say
from stack.settings import load


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    parser.add_argument("--run-dir", help="the run folder (RUN_DIR, .run)")
    parser.add_argument("--free-ports", action="store_true", help="take free ports for a new run folder")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("services", help="start PostgreSQL, Redis and Solr")
    whole = commands.add_parser("demo", help="the whole catalogue")
    whole.add_argument("--sources", help="a sources file of one's own")
    commands.add_parser("test", help="every suite")
    commands.add_parser("stop", help="stop everything")
    commands.add_parser("clean", help="stop everything and remove the run folder")
    commands.add_parser("status", help="what runs, and where")
    environment = commands.add_parser("environment", help="print the environment of a test run")
    environment.add_argument("--name", default="test")
    return parser


def run(arguments: argparse.Namespace) -> int:
    stack = load(arguments.run_dir, arguments.free_ports)
    match arguments.command:
        case "services":
            services.up(stack)
        case "demo":
            demo(stack, Path(arguments.sources).expanduser().absolute() if arguments.sources else None)
        case "test":
            return suites.everything(stack)
        case "stop":
            if not supervision.shut_down(stack):
                say(f"Nothing runs in {stack.run.name}.")
        case "clean":
            supervision.shut_down(stack)
            services.remove(stack)
        case "status":
            for name, state in sorted(supervision.states(stack).items()):
                print(f"{name:16} {state:10} {stack.ports.get(supervision.PORT_OF.get(name, ''), '')}")
        case "environment":
            for name, value in services.test_environment(stack, arguments.name).items():
                print(f"export {name}={value}")
    return 0


def main() -> int:
    # With a locale of ASCII a path or a message with Japanese in it would end in a traceback.
    os.environ.setdefault("PYTHONUTF8", "1")
    # Every start of CKAN would compile its thousands of modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A command that is told to end still puts away what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(_parser().parse_args())
    except Failure as failure:
        fail(str(failure))
        return 1
    except KeyboardInterrupt:
        fail("Interrupted. The same command goes on where it stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
