"""The check of one resource's file: one idempotent function for the queue, the command line and the actions."""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue, reports
from ckanext.kagoshima.checking.model import StoredReport
from ckanext.kagoshima.resources import content, formats
from ckanext.kagoshima.signals import report_changed

log = logging.getLogger(__name__)


def is_stale(resource: model.Resource) -> bool:
    """Whether the resource has a file that the present rules have not judged under its present hash, or leads to one that
    they have not judged at this address."""
    from ckanext.kagoshima.harvesting import linked

    link = linked.is_link(resource.url, resource.url_type)
    if resource.state != model.State.ACTIVE or not (link or resource.url_type == "upload"):
        return False
    if not formats.is_table(resource.format or "", resource.url or ""):
        return False
    row = StoredReport.of(resource.id)
    if link:
        return row is None or not row.checked_as.endswith(f" {resource.url}") or row.rule_set != catalogue.load().rule_set
    return row is None or row.sha256 != resource.hash or row.rule_set != catalogue.load().rule_set


def enqueue(resource_id: str) -> None:
    tk.enqueue_job(
        check_resource, [resource_id], title=f"check {resource_id}", queue=config.QUEUE, rq_kwargs={"timeout": 900}
    )


def check_resource(resource_id: str, force: bool = False) -> str:
    """Judge the file of a resource and keep the report and the status fields.

    Same bytes, same rules, same reading: nothing is done. Returns the status, or ``"none"`` where there is no table to judge.
    """
    context: Any = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    resource = tk.get_action("resource_show")(context.copy(), {"id": resource_id})
    package = tk.get_action("package_show")(context.copy(), {"id": resource["package_id"]})
    from ckanext.kagoshima.harvesting import linked, readings

    link = linked.is_link(resource.get("url"), resource.get("url_type"))
    try:
        data = linked.fetch(resource) if link else content.read(resource)
    except content.NoContent:
        log.info("resource %s has no file here", resource_id)
        return "none"
    digest = content.sha256(data)
    code = package.get("municipality_code") or ""
    reading = readings.of_resource(resource_id, code)
    as_ = readings.checked_as(code, package.get("recommended_dataset") or "", reading.mark)
    as_ += f" {resource['url']}" if link else ""
    row = StoredReport.of(resource_id)
    current = row is not None and (row.sha256, row.rule_set, row.checked_as) == (digest, catalogue.load().rule_set, as_)
    if current and not force and resource.get("hash") == digest:
        return row.status  # type: ignore[union-attr]
    if not formats.is_table(resource.get("format") or "", resource.get("url") or ""):
        return "none"
    dataset = package.get("recommended_dataset") or None
    judged = readings.judged(data, resource["url"], reading, dataset=dataset, municipality_code=code or None, stated=True)
    report = judged.checked.report
    reports.store(resource_id, package["id"], report, sha256=digest, checked_as=as_)
    model.Session.commit()
    fields = reports.status_fields(report, sha256=digest)
    if any(resource.get(key) != value for key, value in fields.items()):
        tk.get_action("resource_patch")(context.copy(), {"id": resource_id, **fields})
    report_changed.send(resource_id, package_id=package["id"], dataset=report.dataset)
    return report.status
