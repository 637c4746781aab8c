"""Collect: what a source names is fetched, looked at, archived and judged by the guards; then it is known what is to
be published.

Nothing here writes to the catalogue. Everything that a killed run did is in the rows: the next run goes on from there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace

from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.harvesting import archive, decisions, gathering, guards, missing, naming, placing, publishing, vanishing
from ckanext.kagoshima.harvesting.client import Answer, Client, FetchError
from ckanext.kagoshima.harvesting.entries import Entry
from ckanext.kagoshima.harvesting.examination import Examined, examine
from ckanext.kagoshima.harvesting.model import SourceFile, SourcePage, file_id, now
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.robots import Robots
from ckanext.kagoshima.harvesting.sources import Declared

SECONDS = 3600
"""A source that takes longer is left for the next run; what came until then counts."""

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


def collect(
    source_id: str, declared: Declared, client: Client, *, beat: Callable[[], None] = lambda: None, dry: bool = False
) -> Collected:
    """Look at everything that the source names. `dry`: nothing is kept, the caller rolls the session back.

    :raises FetchError: the source itself cannot be read
    """
    return _Collector(source_id, declared, client, beat, dry).run()


class _Collector:
    def __init__(self, source_id: str, declared: Declared, client: Client, beat: Callable[[], None], dry: bool) -> None:
        self.source_id = source_id
        self.declared = declared
        self.code = declared.municipality_code
        self.client = client
        self.beat = beat
        self.dry = dry
        self.collected = Collected()
        self.mapping = placing.mapping_of(declared)
        self.thresholds = guards.Thresholds(config.harvest("shrink_percent") / 100, config.harvest("shrink_rows"))
        self.robots = Robots.of(client)
        self.rows = {row.url: row for row in SourceFile.of_source(source_id)}
        self.archived = archive.known(row.sha256 for row in self.rows.values())
        self.known = {row.id for row in self.rows.values() if row.state not in (*UNPUBLISHED, "withdrawn", "moved")}

    def run(self) -> Collected:
        started = time.monotonic()
        gathered = self._gather()
        self.collected.kind = gathered.kind
        self.collected.problems += gathered.problems
        entries = self._bounded(gathered.entries)
        fresh: list[SourceFile] = []
        for position, entry in enumerate(entries):
            if time.monotonic() - started > SECONDS:
                self.collected.problems.append(
                    Problem("out-of-time", {"url": self.declared.url, "left": len(entries) - position})
                )
                self.collected.complete = False
                break
            self.beat()
            row = self._row(entry, position)
            outcome = self._file(row, entry, gathered)
            self.collected.outcomes[row.id] = outcome
            if outcome == "ready":
                fresh.append(row)
            self._commit()
        if self.collected.complete:
            self.collected.problems += vanishing.settle(
                self.source_id, self.declared, list(self.rows.values()), set(self.collected.outcomes), self.known, dry=self.dry
            )
        self._identify(fresh)
        self._commit()
        return self.collected

    def _commit(self) -> None:
        # A commit makes every row be read anew: where nothing was written there is none.
        if model.Session.dirty or model.Session.new or model.Session.deleted:
            model.Session.flush() if self.dry else model.Session.commit()

    def _gather(self) -> gathering.Gathered:
        pages = model.Session.query(SourcePage).filter(SourcePage.source_id == self.source_id).all()
        remembered = {p.url: gathering.Remembered(p.etag, p.last_modified, p.sha256, p.found) for p in pages}
        kind = self.declared.kind or (remembered[self.declared.url].found["kind"] if self.declared.url in remembered else "")
        if not kind and self.declared.url in self.rows:
            kind = "csv"  # found out earlier; that it is a web page today does not make it a page of links
        gathered = gathering.gather(
            self.declared.url, self.client, code=self.code, kind=kind, remembered=remembered, beat=self.beat
        )
        by_url = {page.url: page for page in pages}
        for url, page in gathered.visited.items():
            row = by_url.get(url)
            if row is None:
                row = SourcePage(source_id=self.source_id, url=url)
                model.Session.add(row)
            if (row.etag, row.last_modified, row.sha256, row.found) != (
                page.etag,
                page.last_modified,
                page.sha256,
                page.found,
            ):
                row.etag, row.last_modified, row.sha256, row.found = page.etag, page.last_modified, page.sha256, page.found
        for url in by_url.keys() - gathered.visited.keys():
            model.Session.delete(by_url[url])
        return gathered

    def _bounded(self, entries: list[Entry]) -> list[Entry]:
        limit = config.harvest("max_files")
        if len(entries) > limit:
            values = {"url": self.declared.url, "count": len(entries), "limit": limit}
            self.collected.problems.append(Problem("list-too-long", values))
            self.collected.complete = False  # what lies behind the limit has not vanished
        kept = entries[:limit]
        if self.declared.dataset:
            kept = [
                entry if entry.is_list or entry.beside else replace(entry, dataset=self.declared.dataset) for entry in kept
            ]
        return kept

    def _row(self, entry: Entry, position: int) -> SourceFile:
        row = self.rows.get(entry.url)
        plain = {key: value for key, value in asdict(entry).items() if value}
        if row is None:
            row = SourceFile(
                id=file_id(self.source_id, entry.url),
                source_id=self.source_id,
                municipality_code=self.code,
                url=entry.url,
                entry=plain,
                state="new",
            )
            model.Session.add(row)
            self.rows[entry.url] = row
        if row.entry != plain:
            row.entry = plain
        if (row.position, row.priority) != (position, self.declared.priority):
            row.position, row.priority = position, self.declared.priority
        if row.missing_since is not None:
            row.missing_since = None
            if row.state == "missing":
                row.state = "published" if row.published_sha256 else "new"
        return row

    def _file(self, row: SourceFile, entry: Entry, gathered: gathering.Gathered) -> str:
        found_by_crawling = gathered.kind == "html" and entry.url != self.declared.url
        if found_by_crawling and not self.robots.allows(entry.url):
            return self._failed(row, Problem("robots", {"url": entry.url}))
        try:
            answer = gathered.answers.pop(entry.url, None) or self._get(row, entry)
            lost = row.sha256 not in self.archived and row.state != "quarantined"
            if answer.not_modified and (lost or row.state in UNPUBLISHED):
                answer = self.client.get(entry.url)  # we were told "unchanged" of bytes that we do not have
        except FetchError as error:
            if entry.beside and row.state in ("new", "dead-link") and error.code in ("http-status", "name-unknown"):
                if row.state != "dead-link":
                    row.state, row.problem = "dead-link", Problem("dead-link", {"url": entry.url}, "info").as_dict()
                return "dead-link"
            return self._failed(row, Problem(error.code, error.values))
        licence = publishing.licence_of(self.declared.licence or entry.licence)
        same = answer.not_modified or (answer.sha256 == row.sha256 and row.state not in UNPUBLISHED)
        if same and row.state == "withdrawn":
            same = False
            answer = answer if not answer.not_modified else self.client.get(entry.url)
        if not same:
            return self._changed(row, entry, answer, licence)
        try:
            return self._same(row, entry, answer, licence)
        except archive.NotArchived:  # the storage lost what its table names
            archive.forget(row.sha256)
        try:
            return self._changed(row, entry, self.client.get(entry.url), licence)
        except FetchError as error:
            return self._failed(row, Problem(error.code, error.values))

    def _get(self, row: SourceFile, entry: Entry) -> Answer:
        if row.state in UNPUBLISHED:
            return self.client.get(entry.url)
        return self.client.get(entry.url, etag=row.etag, last_modified=row.last_modified)

    def _failed(self, row: SourceFile, problem: Problem) -> str:
        if row.problem != problem.as_dict():
            row.problem = problem.as_dict()
        if row.state in ("new", "dead-link"):
            row.state = "failing"
        self.collected.problems.append(problem)
        return "failing"

    def _same(self, row: SourceFile, entry: Entry, answer: Answer, licence: str) -> str:
        """The bytes are those of last time: only what was left undone, or was stated anew, is to do."""
        if answer.sha256 and (answer.etag, answer.last_modified) != (row.etag, row.last_modified):
            row.etag, row.last_modified = answer.etag, answer.last_modified
        if row.state == "published":
            if row.problem is not None:
                row.problem = None
            if licence == row.licence or row.sha256 != row.published_sha256 and row.sha256 not in self.archived:
                return "unchanged"
            return self._judge(row, self._examine_again(row, entry), licence)
        if row.state == "ready":
            self.collected.examined[row.id] = self._examine_again(row, entry)
            return "ready"
        if row.state in ("alias", "conflict"):
            return self._route(row)
        if row.state in ("held", "rejected"):
            return self._judge(row, self._examine_again(row, entry), licence)
        return row.state

    def _examine_again(self, row: SourceFile, entry: Entry) -> Examined:
        return examine(archive.read(row.sha256), entry, code=self.code, mapping=self.mapping)

    def _changed(self, row: SourceFile, entry: Entry, answer: Answer, licence: str) -> str:
        examined = examine(answer.body, entry, code=self.code, content_type=answer.content_type, mapping=self.mapping)
        if examined.personal and not decisions.released_personal(row.id, examined.sha256):
            # Neither the bytes nor any value is kept: the file is fetched again when somebody releases it.
            row.etag, row.last_modified, row.sha256 = answer.etag, answer.last_modified, examined.sha256
            kinds = "、".join(sorted({str(found["kind"]) for found in examined.personal}))
            problem = Problem("personal-data", {"url": entry.url, "kinds": kinds, "places": list(examined.personal[:20])})
            row.problem, row.row_count = problem.as_dict(), row.row_count if row.published_sha256 else examined.row_count
            row.dataset = row.dataset or examined.dataset
            row.state = "quarantined"
            self.collected.problems.append(problem)
            decisions.quarantine(row, examined.sha256, problem, dry=self.dry)
            return "quarantined"
        if decisions.was_purged(examined.sha256):
            row.sha256, row.state = examined.sha256, "quarantined"
            row.problem = Problem("purged", {"url": entry.url}).as_dict()
            return "quarantined"
        if not self.dry:
            archive.store(answer.body, url=entry.url, content_type=answer.content_type, headers=dict(answer.headers))
            self.archived.add(examined.sha256)
        else:
            self.collected.bodies[row.id] = answer.body
        row.last_seen = now()
        if row.sha256 != examined.sha256:
            row.last_changed = now()
        if examined.problem is not None and not row.published_sha256:
            row.sha256 = examined.sha256
            return self._failed(row, examined.problem)
        row.etag, row.last_modified, row.sha256 = answer.etag, answer.last_modified, examined.sha256
        row.semantic_hash, row.rule_set = examined.semantic_hash, catalogue.load().rule_set
        return self._judge(row, examined, licence)

    def _judge(self, row: SourceFile, examined: Examined, licence: str) -> str:
        """Publish, hold, or nothing to do: what has no last good version has nothing to be compared with."""
        row.semantic_hash = examined.semantic_hash
        self.collected.examined[row.id] = examined
        if not row.published_sha256 or row.state == "withdrawn":
            return self._ready(row)
        if examined.semantic_hash == row.published_semantic and licence == row.licence and examined.problem is None:
            decisions.supersede(row.id)
            row.state, row.problem, row.last_good = "published", None, now()
            return "unchanged"
        reasons = [examined.problem] if examined.problem is not None else self._compare(row, examined, licence)
        if not reasons:
            decisions.supersede(row.id)
            return self._ready(row)
        outcome = decisions.hold(row, examined, reasons)
        if outcome == "released":
            return self._ready(row)
        row.state, row.problem = outcome, reasons[0].as_dict()
        if outcome == "held" and not self.dry and examined.problem is None:
            missing.note(row, row.published_sha256, examined.sha256, held=True)
        self.collected.problems += reasons if outcome == "held" else []
        return outcome

    def _compare(self, row: SourceFile, examined: Examined, licence: str) -> list[Problem]:
        before = guards.Revision(row.url, row.dataset, row.row_count, tuple(row.header or ()), row.licence)
        header, rows = examined.header, examined.row_count
        after = guards.Revision(row.url, examined.dataset, rows, header, licence, examined.format)
        volatile = bool(row.dataset) and catalogue.load().standard(row.dataset).volatile
        reasons = guards.compare(before, after, self.thresholds, volatile=volatile)
        if self.mapping is not None and not self.mapping.fits(header):
            reasons.insert(0, Problem("header-changed", {"url": row.url}))
        return reasons

    def _ready(self, row: SourceFile) -> str:
        row.state, row.problem = "ready", None
        return "ready"

    def _route(self, row: SourceFile) -> str:
        """An alias or conflict whose own bytes are the same: did the authoritative one change, or go?"""
        state, _authority = placing.routes(row)
        if state == "ready":
            return self._ready(row)
        row.state = state
        if state == "conflict" and row.problem:
            self.collected.problems.append(Problem.from_dict(row.problem))
        return state

    def _identify(self, fresh: Iterable[SourceFile]) -> None:
        """Give each file that is to be published its place in the catalogue, in the order of the source."""
        taken = {
            row.resource_id: row
            for row in self.rows.values()
            if row.resource_id and row.state not in (*UNPUBLISHED, "withdrawn", "moved", "missing")
        }
        standard_ids = frozenset(definition.id for definition in catalogue.load().all())
        for row in fresh:
            entry = Entry(**row.entry)
            examined = self.collected.examined.get(row.id)
            if examined is None:
                examined = self._examine_again(row, entry)
                self.collected.examined[row.id] = examined
            identity = placing.identity_for(self.code, entry, examined, standard_ids)
            if row.resource_id and row.resource_id != identity.resource_id and row.dataset == identity.dataset:
                identity = placing.identity_of(row)  # a file keeps its place, whatever its source says of it now
            moved = vanishing.moved_from(row, self.rows.values())
            if moved is not None:
                identity = placing.identity_of(moved)
                moved.state = "moved"
            holder = taken.get(identity.resource_id)
            if holder is not None and holder is not row and holder is not moved:
                identity = naming.further_part(identity, entry)
            row.package_name, row.resource_key, row.resource_id = identity.name, identity.key, identity.resource_id
            row.part, row.period = identity.part, identity.period
            row.entry = {**row.entry, "dataset": row.entry.get("dataset", "")} if entry.dataset else row.entry
            taken[identity.resource_id] = row
            model.Session.flush()
            state, authority = placing.routes(row)
            if state != "ready":
                row.state, row.authority = state, authority
                row.dataset = row.dataset or identity.dataset
                self.collected.outcomes[row.id] = state
                if state == "conflict":
                    problem = Problem("conflict", {"url": row.url, "authority": placing.authority_url(authority)})
                    row.problem = problem.as_dict()
                    self.collected.problems.append(problem)
                continue
            self.collected.ready.setdefault(identity.name, []).append(row.id)
