"""What the harvester is compared with: the calls that a script would make, and what PostgreSQL and Solr say was written."""

from __future__ import annotations

import io
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFECTURE = "460001"


def create(body: bytes) -> None:
    """`package_create` and `resource_create` with an upload: a dataset with one file."""
    import ckan.plugins.toolkit as tk
    from werkzeug.datastructures import FileStorage

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    context: Any = {"ignore_auth": True, "user": user}
    name = f"bare-{uuid.uuid4().hex[:12]}"
    package = tk.get_action("package_create")(context, {"name": name, "title": "見本", "owner_org": PREFECTURE})
    upload = FileStorage(io.BytesIO(body), filename="data.csv")
    resource = {"package_id": package["id"], "name": "見本", "format": "CSV", "upload": upload}
    tk.get_action("resource_create")({"ignore_auth": True, "user": user}, resource)


class ConditionalGets:
    """`count` conditional GETs of one session, over the files of the web; each must answer 304."""

    def __init__(self, base: str, web: Path, count: int) -> None:
        import requests

        self._session = requests.Session()
        files = [file for file in sorted(web.rglob("*.csv")) if file.name.isascii()][:count]
        urls = [f"{base}/{file.relative_to(web)}" for file in files]
        self._known = [(url, self._session.get(url).headers["ETag"]) for url in urls]
        self._count = count

    def __call__(self) -> None:
        for number in range(self._count):
            url, etag = self._known[number % len(self._known)]
            assert self._session.get(url, headers={"If-None-Match": etag}).status_code == 304


@dataclass(frozen=True, slots=True)
class Written:
    """`rows`: inserted, updated and deleted in the tables of datasets and resources so far; `documents`: (id, version) of each
    dataset in Solr, where every update gives a new version."""

    rows: int
    documents: frozenset[tuple[str, int]]


def written() -> Written:
    import ckan.plugins.toolkit as tk
    import sqlalchemy as sa
    from ckan import model
    from ckan.lib.search.common import make_connection

    model.Session.remove()
    time.sleep(2)  # the statistics of other connections are a second late
    query = """SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables
        WHERE relname IN ('package', 'resource', 'package_tag', 'member')"""
    with model.meta.engine.connect() as connection:  # type: ignore
        rows = int(connection.execute(sa.text(query)).scalar() or 0)
    own = f'+site_id:"{tk.config["ckan.site_id"]}"'
    found = make_connection().search("dataset_type:dataset", fl="id,_version_", rows=100_000, fq=own)
    return Written(rows, frozenset((one["id"], one["_version_"]) for one in found.docs))


def job(source_id: str) -> None:
    """One job of ckanext-harvest for the source, by its own functions, from its creation to its end: gathered and imported as
    its queue does it, and ended as its cron does it where the gather left something to end."""
    import ckan.plugins.toolkit as tk
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob, HarvestObject

    context: Any = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    made = tk.get_action("harvest_job_create")(context.copy(), {"source_id": source_id, "run": False})
    found = HarvestJob.get(made["id"])
    found.status = "Running"
    found.save()
    harvester = queue.get_harvester("kagoshima")
    for identifier in queue.gather_stage(harvester, found):
        queue.fetch_and_import_stages(harvester, HarvestObject.get(identifier))
    if found.status != "Finished":
        tk.get_action("harvest_jobs_run")(context.copy(), {"source_id": source_id})
    assert HarvestJob.get(made["id"]).status == "Finished"
