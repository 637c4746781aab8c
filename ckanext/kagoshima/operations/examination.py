"""What `doctor` looks at. Each examination is a function that says what it found and what to do about it."""

from __future__ import annotations

import locale
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue

PYTHONS = ((3, 10), (3, 12))
"""The oldest and the newest Python that CKAN 2.12 names."""
PLUGINS = ("kagoshima", "kagoshima_harvester", "dcat", "scheming_datasets", "scheming_organizations", "harvest", "activity")


@dataclass(frozen=True)
class Finding:
    part: str
    fine: bool
    text: str
    todo: str = ""


def examine() -> Iterator[Finding]:
    """All examinations, one after the other; one that fails by itself is a finding too."""
    for part, look in _PARTS.items():
        try:
            yield look(part)
        except Exception as error:  # noqa: BLE001 - whatever is broken, the others are still looked at
            yield Finding(part, False, f"{type(error).__name__}: {error}"[:300], _TODO.get(part, ""))


def _python(part: str) -> Finding:
    fine = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    return Finding(part, fine, sys.version.split()[0], "CKAN 2.12 は Python 3.10～3.12 / use Python 3.10 to 3.12")


def _compiled(part: str) -> Finding:
    from recommended_datasets.checking import EXACT, compiled

    text = "OK" if compiled() else f"CSV は {EXACT // 1_000_000} MB まで / CSV files up to {EXACT // 1_000_000} MB only"
    todo = "gcc のある機械で入れ直してください / install again where there is a C compiler (gcc)"
    return Finding(part, compiled(), text, todo)


def _locale(part: str) -> Finding:
    encoding = locale.getpreferredencoding(False)
    return Finding(part, encoding.lower().replace("-", "") == "utf8", encoding, "LC_ALL=C.UTF-8")


def _plugins(part: str) -> Finding:
    missing = [name for name in PLUGINS if not p.plugin_loaded(name)]
    todo = f"ckan.plugins に {' '.join(missing)} を加えてください / add them to ckan.plugins"
    return Finding(part, not missing, "、".join(missing) + " なし / missing" if missing else "OK", todo)


def _database(part: str) -> Finding:
    from ckan.cli import db

    pending = db._get_pending_plugins()
    text = ", ".join(f"{name} {number}" for name, number in pending.items()) or "OK"
    return Finding(part, not pending, text, "ckan db upgrade")


def _solr(part: str) -> Finding:
    from ckan.lib.search.common import make_connection

    solr: Any = make_connection()
    solr.search("*:*", rows=0)
    found = solr.search("*:*", rows=0, **{"facet": "true", "facet.field": "title_bigram"})
    return Finding(part, found is not None, tk.config["solr_url"])


def _redis(part: str) -> Finding:
    from ckan.lib.redis import connect_to_redis

    connect_to_redis().ping()
    return Finding(part, True, tk.config["ckan.redis.url"].rsplit("@", 1)[-1])


def _workers(part: str) -> Finding:
    from ckan.lib import jobs
    from ckan.lib.redis import connect_to_redis
    from rq import Worker

    names = {queue.name for worker in Worker.all(connection=connect_to_redis()) for queue in worker.queues}
    wanted = jobs.add_queue_name_prefix(config.QUEUE)
    todo = "ckan jobs worker kagoshima default"
    return Finding(part, wanted in names, "OK" if wanted in names else f"{config.QUEUE} の処理係がいません / no worker", todo)


def _storages(part: str) -> Finding:
    from ckan.lib import files

    for name in (tk.config["ckan.files.default_storages.resource"], config.archive_storage(), config.public_storage()):
        try:
            files.get_storage(name)
        except files.exc.UnknownStorageError:
            return Finding(part, False, name, f"ckan.files.storage.{name}.type, .path")
    return Finding(part, True, "OK")


def _definitions(part: str) -> Finding:
    found = catalogue.load()
    return Finding(part, True, f"{len(found.ids())}, rule set {found.rule_set[:12]}")


def _organizations(part: str) -> Finding:
    there = model.Group.get(config.prefecture_code()) is not None
    return Finding(part, there, config.prefecture_code(), "ckan kagoshima organizations sync")


def _licences(part: str) -> Finding:
    known = {key for _, key in model.Package.get_license_options()}
    todo = "licenses_group_url を空にしてください / leave licenses_group_url empty"
    return Finding(part, config.NOT_STATED in known and "cc-by-4.0" in known, tk.config["licenses_group_url"] or "", todo)


def _safety(part: str) -> Finding:
    fine = not tk.config["ckan.auth.user_create_organizations"]
    return Finding(part, fine, "OK" if fine else "誰でも組織を作れます / anybody may make organisations",
                   "ckan.auth.user_create_organizations = false")  # fmt: skip


_PARTS: dict[str, Callable[[str], Finding]] = {
    "Python": _python,
    "大きな CSV / large CSV files": _compiled,
    "ロケール / locale": _locale,
    "プラグイン / plugins": _plugins,
    "データベース / database": _database,
    "Solr": _solr,
    "Redis": _redis,
    "ジョブ / workers": _workers,
    "保管場所 / storages": _storages,
    "標準データセット / definitions": _definitions,
    "公開団体 / organisations": _organizations,
    "ライセンス / licences": _licences,
    "権限 / permissions": _safety,
}
_TODO = {
    "データベース / database": "sqlalchemy.url を確かめてください / check sqlalchemy.url",
    "Solr": "solr_url と stack/solr/configset を確かめてください / check solr_url and that the core has our configset",
    "Redis": "ckan.redis.url を確かめてください / check ckan.redis.url",
    "標準データセット / definitions": "ckanext.kagoshima.definitions.folders を確かめてください / check that option",
}
