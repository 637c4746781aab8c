"""The harvester as ckanext-harvest's queues call it; the work is in `collecting` and `running`."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.harvest.harvesters.base import HarvesterBase
from ckanext.harvest.model import HarvestJob, HarvestObject
from ckanext.kagoshima.harvesting import collecting, lease, prechecking, problems, running, sources
from ckanext.kagoshima.harvesting.client import Client, FetchError
from ckanext.kagoshima.harvesting.connecting import new_client
from ckanext.kagoshima.harvesting.model import SourceFile


class KagoshimaHarvesterPlugin(HarvesterBase):
    """gather: everything that the source names is collected and looked at; fetch: nothing is left to do; import: one
    dataset."""

    p.implements(p.IConfigurer, inherit=True)

    def update_config(self, config: Any) -> None:
        pass

    def info(self) -> dict[str, str]:
        return {
            "name": sources.TYPE,
            "title": "市町村のファイル・一覧・ページ / Municipal files, lists and pages",
            "description": "CSV・Excelのファイル、オープンデータ一覧、ファイルへのリンクがあるページ",
            "form_config_interface": "Text",
        }

    def validate_config(self, config: str | None) -> str | None:
        """Only known keys with values that make sense.

        :raises ValueError: what is wrong, in Japanese and English
        """
        if not config:
            return config
        settings = json.loads(config)
        known = {"municipality_code", "kind", "dataset", "licence", "priority", "mapping"}
        unknown = sorted(set(settings) - known)
        if unknown:
            raise ValueError(f"「{'、'.join(unknown)}」という項目はありません / unknown keys: {', '.join(unknown)}")
        if settings.get("kind") and settings["kind"] not in sources.KINDS:
            raise ValueError(f"kind は {'、'.join(sources.KINDS)} のどれかにしてください / unknown kind")
        return config

    def gather_stage(self, job: HarvestJob) -> list[str]:
        client = new_client()
        ids = [] if _is_unchanged(job.source_id, client) else self._gather(job, client)
        if not ids and not _mails_are_wanted():
            # Nothing to import: the job ends here, and the source's document in Solr, which tells how many datasets it has,
            # need not be written anew.
            job.status, job.finished = "Finished", running.utc()
        return ids

    def _gather(self, job: HarvestJob, client: Client) -> list[str]:
        declared = sources.Declared.of(job.source)
        sources.state_of(job.source)
        owner = lease.new_owner()
        if not lease.acquire(job.source.id, owner):
            self._save_gather_error("別の処理が収集しています / another worker has this source", job)
            return []
        try:
            with lease.Heartbeat(job.source.id, owner):
                collected = collecting.collect(job.source.id, declared, client)
        except FetchError as error:
            model.Session.rollback()
            self._save_gather_error(problems.both(problems.Problem(error.code, error.values)), job)
            result = running.Result(job.source.id, declared.municipality_code, declared.url)
            result.problems.append(problems.Problem(error.code, error.values))
            running.finish(job.source.id, declared, result, failed=True)
            return []
        finally:
            lease.release(job.source.id, owner)
        for problem in collected.problems:
            if problem.severity == "error":
                self._save_gather_error(problems.both(problem), job)
        result = running.Result(job.source.id, declared.municipality_code, declared.url, collected.kind)
        result.counts, result.problems = collected.counts, collected.problems
        result.datasets = dict.fromkeys(collected.ready, "updated")
        running.finish(job.source.id, declared, result, failed=False)
        ids = []
        for name in collected.ready:
            found = HarvestObject(guid=name, job=job)
            found.save()
            ids.append(found.id)
        return ids

    def fetch_stage(self, harvest_object: HarvestObject) -> bool:
        return True

    def import_stage(self, harvest_object: HarvestObject) -> bool | str:
        source_id = harvest_object.harvest_source_id or harvest_object.job.source_id
        rows = model.Session.query(SourceFile).filter(
            SourceFile.source_id == source_id, SourceFile.package_name == harvest_object.guid, SourceFile.state == "ready"
        )
        file_ids = [row.id for row in rows]
        declared = sources.Declared.of(harvest_object.source or harvest_object.job.source)
        try:
            outcome = running.publish_ready(declared.municipality_code, file_ids)
        except Exception as error:
            model.Session.rollback()
            self._save_object_error(f"{type(error).__name__}: {error}"[:500], harvest_object, "Import")
            return False
        running.tie(harvest_object, current=outcome != "unchanged")
        return "unchanged" if outcome == "unchanged" else True


def _is_unchanged(source_id: str, client: Client) -> bool:
    """Whether everything is as it was, by the servers' own word: noted, and nothing is left to do for its job."""
    return all(result is not None for _source_id, result in prechecking.unchanged([source_id], client))


def _mails_are_wanted() -> bool:
    """Whether ckanext-harvest is to tell of its jobs by mail, which it does where its own cron ends them."""
    return any(tk.asbool(tk.config.get(f"ckan.harvest.status_mail.{which}")) for which in ("all", "errored"))
