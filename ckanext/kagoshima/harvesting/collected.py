"""What one run over a source has in its hands: `Run`; and what came of it: `Collected`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import archive, guards, readings
from ckanext.kagoshima.harvesting.client import Client
from ckanext.kagoshima.harvesting.examination import Examined
from ckanext.kagoshima.harvesting.model import SourceFile
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.sources import Declared

UNPUBLISHED = ("new", "failing", "dead-link")


@dataclass
class Collected:
    """What became of each file, and what waits to be published by dataset name. `complete`: every entry was looked at."""

    kind: str = ""
    outcomes: dict[str, str] = field(default_factory=dict)
    """File id → ``unchanged``, ``ready``, ``held``, ``rejected``, ``quarantined``, ``failing``, ``dead-link``, ``alias`` …"""
    problems: list[Problem] = field(default_factory=list)
    ready: dict[str, list[str]] = field(default_factory=dict)
    """Name of a dataset → ids of the files to publish in it."""
    examined: dict[str, Examined] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Of a dry run only, which archives nothing."""
    complete: bool = True

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.outcomes.values()))


@dataclass
class Run:
    """One run over one source. `rows`: its files by address; `known`: ids of those that counted before the run;
    `archived`: sha256 of their bytes that are kept. `dry`: nothing may be kept."""

    source_id: str
    declared: Declared
    client: Client
    beat: Callable[[], None] = lambda: None
    dry: bool = False
    collected: Collected = field(default_factory=Collected)

    def __post_init__(self) -> None:
        self.code = self.declared.municipality_code
        self.rows = {row.url: row for row in SourceFile.of_source(self.source_id)}
        self.archived = archive.known(row.sha256 for row in self.rows.values())
        self.known = {row.id for row in self.rows.values() if row.state not in (*UNPUBLISHED, "withdrawn", "moved")}

    @cached_property
    def reading(self) -> readings.Reading:
        """What persons confirmed of this source; looked up when the first file has to be read."""
        return readings.of_source(self.source_id, self.declared)

    @cached_property
    def thresholds(self) -> guards.Thresholds:
        return guards.Thresholds(config.harvest("shrink_percent") / 100, config.harvest("shrink_rows"))

    def commit(self) -> None:
        """Keep what was done. A commit makes every row be read anew: where nothing was written there is none."""
        if model.Session.dirty or model.Session.new or model.Session.deleted:
            model.Session.flush() if self.dry else model.Session.commit()
