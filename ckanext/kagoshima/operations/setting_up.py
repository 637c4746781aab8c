"""All that stands between running services and a running catalogue, in one process: a start of CKAN costs seconds.

Each step can be repeated; a second run changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.operations import users
from ckanext.kagoshima.organizations.sync import sync
from recommended_datasets import municipality

Say = Callable[[str], None]


def run(sources: Path | None, *, demo_users: bool, say: Say) -> dict[str, Any]:
    """Migrate, make organisations and accounts, register `sources`, harvest and merge.

    Returns what the summary says: ``{"organizations", "accounts", "sources", "files", "datasets", "merged"}``.
    """
    with _step("データベース / database", say):
        migrate()
    with _step("公開団体 / organisations", say) as note:
        synced = sync(municipality.load(config.definition_folders()))
        note(f"{len(synced.created)} + {len(synced.updated)} / {len(synced.all)}")
    for line in municipality.problems(config.definition_folders()):
        say(f"    ! {line}")
    with _step("利用者 / accounts", say):
        accounts = users.ensure(demo_users)
    found: dict[str, Any] = {"organizations": len(synced.all), "accounts": accounts}
    if sources is not None:
        found |= _collect(sources, say)
    return found


def migrate() -> None:
    """Bring the tables of CKAN and of every plugin up to date."""
    from ckan.cli import db

    db._run_migrations("")
    for plugin in sorted(db._get_pending_plugins()):
        db._run_migrations(plugin)
    model.Session.remove()


def _collect(path: Path, say: Say) -> dict[str, Any]:
    from ckanext.kagoshima.harvesting import nightly
    from ckanext.kagoshima.harvesting import sources as declared

    with _step("収集元 / sources", say) as note:
        registered = declared.sync(declared.read(path))
        note(f"{len(registered.created)} + {len(registered.updated)}")
    for line in registered.refused:
        say(f"    ! {line}")
    results = []
    with _step("収集と検証 / harvest and check", say) as note:
        chosen = nightly.chosen()
        for result in nightly.run(chosen):
            results.append(result)
            for problem in result.problems:
                if problem.severity == "error":
                    say(f"    ! {result.municipality_code} {_words(problem)}")
            if len(results) % 10 == 0:
                say(f"    … {len(results)} / {len(chosen)}")
        note(f"{len(results)}")
    with _step("統合 / merge", say):
        merged = nightly.merge()
    return {"sources": results, "merged": merged}


def _words(problem: Any) -> str:
    from ckanext.kagoshima.harvesting import problems

    return problems.both(problem)


@contextmanager
def _step(name: str, say: Say) -> Iterator[Callable[[str], None]]:
    started, notes = time.monotonic(), []
    say(f"  … {name}")
    yield notes.append
    say(f"  ✓ {name} {' '.join(notes)} ({time.monotonic() - started:.1f} s)")
