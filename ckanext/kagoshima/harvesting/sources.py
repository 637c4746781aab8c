"""Sources: who publishes where. A sources file or a manifest is read here and kept as ckanext-harvest's sources."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import ckan.plugins.toolkit as tk
import yaml
from ckan import model
from ckan.lib import search

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import addresses
from ckanext.kagoshima.harvesting.model import STALE, SourceFile, SourceState
from recommended_datasets import municipality

TYPE = "kagoshima"
KINDS = ("csv", "list", "html", "ckan", "dcat")
FREQUENCIES = ("MANUAL", "MONTHLY", "WEEKLY", "BIWEEKLY", "DAILY", "ALWAYS")
ALSO_PRIORITY = 50
DEFAULT_PRIORITY = 10


class SourcesError(ValueError):
    """A sources file or manifest is wrong; the text names file, entry and what to do, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One source as somebody declared it. Empty fields are found out."""

    municipality_code: str
    url: str
    kind: str = ""
    dataset: str = ""
    frequency: str = "MANUAL"
    licence: str = ""
    priority: int = DEFAULT_PRIORITY
    mapping: str = ""
    """The text of the mapping file."""

    @property
    def name(self) -> str:
        """The CKAN name of the source: the same for the same publisher and address."""
        return f"source-{self.municipality_code}-{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"

    @property
    def config(self) -> dict[str, Any]:
        """What ckanext-harvest keeps as the source's configuration."""
        kept = {key: value for key, value in asdict(self).items() if key not in ("url", "frequency") and value}
        return {**kept, "priority": self.priority}

    @classmethod
    def of(cls, source: HarvestSource) -> Declared:
        declared = cls.parse(source.url, source.config, source.frequency)
        return declared if declared.municipality_code else replace(declared, municipality_code=_owner_code(source))

    @classmethod
    def parse(cls, url: str, config: str | None, frequency: str | None) -> Declared:
        """From ckanext-harvest's columns. `municipality_code` is empty where the source's own form left it out."""
        settings = json.loads(config or "{}")
        fields = {
            key: settings.get(key) or "" for key in ("municipality_code", "kind", "dataset", "licence", "mapping")
        }
        priority = int(settings.get("priority", DEFAULT_PRIORITY))
        return cls(url=url, frequency=frequency or "MANUAL", priority=priority, **fields)


def _read_anew(source_id: str) -> None:
    """Another column mapping was declared: at the next harvest the public files are read with it although their bytes are the
    same."""
    public = model.Session.query(SourceFile).filter(SourceFile.source_id == source_id, SourceFile.state == "published")
    public.update({SourceFile.reading: STALE}, synchronize_session=False)


def _owner_code(source: HarvestSource) -> str:
    package = model.Package.get(source.id)
    group = model.Group.get(package.owner_org) if package is not None and package.owner_org else None
    return group.name if group is not None else ""


def read(path: Path) -> list[Declared]:
    """The sources of a sources file (YAML).

    :raises SourcesError: it cannot be read, or an entry is wrong
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise SourcesError(f"{path}: 読めません（{_short(error)}） / cannot be read") from error
    if not isinstance(raw, list):
        raise SourcesError(f"{path}: 「- municipality_code: …」の並びにしてください / write a list of sources")
    return [_declared(path, number, entry) for number, entry in enumerate(raw, 1)]


def _declared(path: Path, number: int, entry: Any) -> Declared:
    def wrong(ja: str, en: str) -> SourcesError:
        return SourcesError(f"{path} {number}番目: {ja} / entry {number}: {en}")

    if not isinstance(entry, dict):
        raise wrong("municipality_code と url を書いてください", "write municipality_code and url")
    known = {"municipality_code", "url", "kind", "dataset", "frequency", "licence", "license", "priority", "mapping"}
    unknown = sorted(str(key) for key in entry if key not in known)
    if unknown:
        raise wrong(f"「{'、'.join(unknown)}」という項目はありません", f"unknown keys: {', '.join(unknown)}")
    code = str(entry.get("municipality_code") or "").strip()
    completed = municipality.complete(code) or (code if municipality.by_code(code, config.definition_folders()) else None)
    if completed is None:
        raise wrong(
            f"municipality_code「{code}」は検査数字を含む6桁のコードではありません", f"{code!r} is no valid six-digit code"
        )
    url = str(entry.get("url") or "").strip()
    try:
        addresses.host_port(url)
    except ValueError:
        raise wrong(f"url「{url}」は http または https のアドレスではありません", f"{url!r} is no http address") from None
    kind = str(entry.get("kind") or "")
    if kind and kind not in KINDS:
        raise wrong(f"kind「{kind}」は {'、'.join(KINDS)} のどれかにしてください", f"kind is one of {', '.join(KINDS)}")
    frequency = str(entry.get("frequency") or "MANUAL").upper()
    if frequency not in FREQUENCIES:
        raise wrong(f"frequency「{frequency}」は {'、'.join(FREQUENCIES)} のどれかにしてください", "unknown frequency")
    priority = entry.get("priority", DEFAULT_PRIORITY)
    if not isinstance(priority, int):
        raise wrong("priority は整数にしてください", "priority is a whole number")
    mapping = ""
    if entry.get("mapping"):
        try:
            mapping = (path.parent / str(entry["mapping"])).read_text("utf-8-sig")
        except (OSError, UnicodeError):
            raise wrong(f"mapping「{entry['mapping']}」がありません", "the mapping file is missing") from None
    licence = str(entry.get("licence") or entry.get("license") or "")
    return Declared(completed, url, kind, str(entry.get("dataset") or ""), frequency, licence, priority, mapping)


def from_manifest(path: Path, base: str) -> list[Declared]:
    """The sources of a manifest; addresses in it are relative to `base`. `also` becomes further sources of lower priority."""
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
        entries = raw["sources"] if isinstance(raw, dict) else raw
    except (OSError, UnicodeError, ValueError, KeyError) as error:
        raise SourcesError(f"{path}: manifest として読めません（{_short(error)}） / is no manifest") from error
    base = base.rstrip("/") + "/"
    found = []
    for number, entry in enumerate(entries, 1):
        also = entry.get("also") or []
        also = [also] if isinstance(also, str) else also
        routes = [(entry.get("source"), DEFAULT_PRIORITY)] + [(one, ALSO_PRIORITY) for one in also]
        for address, priority in routes:
            if address:
                plain = {
                    "municipality_code": entry.get("municipality_code"),
                    "url": urljoin(base, address),
                    "licence": entry.get("licence"),
                    "priority": priority,
                }
                found.append(_declared(path, number, plain))
    return found


def write(path: Path, declared: Iterable[Declared]) -> None:
    """A sources file that `read` reads back; mappings are not written."""
    keys = ("municipality_code", "url", "kind", "dataset", "frequency", "licence", "priority")
    entries = [{key: value for key in keys if (value := getattr(one, key))} for one in declared]
    path.write_text(yaml.safe_dump(entries, allow_unicode=True, sort_keys=False), "utf-8")


@dataclass
class Synced:
    """Names of the catalogue's sources by what happened to them; `refused` with what to do."""

    created: list[str]
    updated: list[str]
    unchanged: list[str]
    refused: list[str]


def sync(declared: Iterable[Declared]) -> Synced:
    """Create or bring up to date the catalogue's sources. A second time writes nothing; sources that are not named stay."""
    with _one_solr_commit():
        return _sync(declared)


def _sync(declared: Iterable[Declared]) -> Synced:
    result = Synced([], [], [], [])
    for one in declared:
        group = model.Group.get(one.municipality_code)
        if group is None or group.state != model.State.ACTIVE:
            code = one.municipality_code
            result.refused.append(
                f"{code} {one.url}: 公開団体 {code} がありません。ckan kagoshima organizations sync を実行してください"
                f" / no organisation {code}; run ckan kagoshima organizations sync"
            )
            continue
        existing = find(one)
        wanted = {
            "name": one.name,
            "title": f"{group.title} {one.url.rsplit('/', 1)[-1] or one.url}",
            "url": one.url,
            "source_type": TYPE,
            "owner_org": group.id,
            "frequency": one.frequency,
            "config": json.dumps(one.config, ensure_ascii=False, sort_keys=True),
        }
        if existing is None:
            with _quiet():
                made = tk.get_action("harvest_source_create")(_context(), dict(wanted))
            _ensure_state(made["id"], one.municipality_code)
            result.created.append(one.name)
        elif (json.loads(existing.config or "{}"), existing.frequency, existing.active) != (one.config, one.frequency, True):
            package: Any = model.Package.get(existing.id)
            if json.loads(existing.config or "{}").get("mapping", "") != one.mapping:
                _read_anew(existing.id)
            changes = {**wanted, "id": existing.id, "name": package.name, "title": package.title, "state": "active"}
            tk.get_action("harvest_source_update")(_context(), changes)
            _ensure_state(existing.id, one.municipality_code)
            result.updated.append(one.name)
        else:
            _ensure_state(existing.id, one.municipality_code)
            result.unchanged.append(one.name)
    model.Session.commit()
    return result


@contextmanager
def _one_solr_commit() -> Iterator[None]:
    """Each source is a dataset in the index; that they are found is worth one commit for all, not one each."""
    before = tk.config.get("ckan.search.solr_commit", True)
    tk.config["ckan.search.solr_commit"] = False
    try:
        yield
    finally:
        tk.config["ckan.search.solr_commit"] = before
        if before:
            search.commit()


@contextmanager
def _quiet() -> Iterator[None]:
    """ckanext-harvest logs an error for each new source: CKAN indexes its dataset before the source's own row is there."""
    logger = logging.getLogger("ckanext.harvest.plugin")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def find(one: Declared) -> HarvestSource | None:
    """The catalogue's source of the same publisher and address."""
    query = model.Session.query(HarvestSource).filter(HarvestSource.url == one.url, HarvestSource.type == TYPE)
    return next((source for source in query if Declared.of(source).municipality_code == one.municipality_code), None)


def active(municipality_code: str = "") -> list[HarvestSource]:
    """The sources that are harvested, a publisher's more authoritative one first."""
    query = model.Session.query(HarvestSource).filter(HarvestSource.active.is_(True), HarvestSource.type == TYPE)
    found = [(Declared.of(source), source) for source in query]
    chosen = [pair for pair in found if not municipality_code or pair[0].municipality_code == municipality_code]
    return [
        source
        for _declared, source in sorted(chosen, key=lambda pair: (pair[0].priority, pair[0].municipality_code, pair[0].url))
    ]


def state_of(source: HarvestSource) -> SourceState:
    """The state row of a source, made where there is none (a source that came from ckanext-harvest's own form)."""
    return _ensure_state(source.id, Declared.of(source).municipality_code)


def _ensure_state(source_id: str, code: str) -> SourceState:
    state = model.Session.get(SourceState, source_id)
    if state is None:
        state = SourceState(source_id=source_id, municipality_code=code)
        model.Session.add(state)
        model.Session.commit()
    return state


def _context() -> Any:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"ignore_auth": True, "user": user}


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
