"""Reports of the core, stored per resource and read back."""

from __future__ import annotations

import dataclasses
from typing import Any

from ckan import model

from ckanext.kagoshima.checking.model import StoredReport
from recommended_datasets.report import ColumnMatch, Issue, Report


def to_json(report: Report) -> dict[str, Any]:
    """A report as plain data, without wording: the words are chosen when it is shown."""
    data = dataclasses.asdict(report)
    data["notes"] = []
    return data


def from_json(data: dict[str, Any]) -> Report:
    """The inverse of `to_json`; keys that an older version wrote and this one does not know are left out."""
    known = {field.name for field in dataclasses.fields(Report)}
    values = {key: value for key, value in data.items() if key in known}
    values["issues"] = tuple(
        Issue(**{**issue, "values": tuple((k, v) for k, v in issue["values"])}) for issue in data["issues"]
    )
    values["columns"] = tuple(ColumnMatch(**column) for column in data["columns"])
    values["nearest"] = tuple((name, share) for name, share in data["nearest"])
    values["notes"] = ()
    return Report(**values)


def store(resource_id: str, package_id: str, report: Report, *, sha256: str, checked_as: str = "") -> StoredReport:
    """Keep `report` as the verdict on the resource. The caller commits.

    A harvester that chooses the resource's id beforehand stores the report before it creates the dataset: then the save
    finds nothing stale and no second check runs.
    """
    row = StoredReport.of(resource_id)
    if row is None:
        row = StoredReport(resource_id=resource_id)
        model.Session.add(row)
    row.package_id = package_id
    row.sha256 = sha256
    row.rule_set = report.rule_set
    row.checked_as = checked_as
    row.status = report.status
    row.dataset = report.dataset
    row.edition = report.edition
    row.encoding = report.encoding
    row.row_count = report.row_count
    row.accepted_count = report.accepted_count
    row.report = to_json(report)
    return row


def status_fields(report: Report, *, sha256: str) -> dict[str, Any]:
    """The fields of a resource that say how its file was judged."""
    return {
        "hash": sha256,
        "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
        "encoding": report.encoding,
        "row_count": report.row_count,
        "validation_status": report.status,
        "rule_set": report.rule_set,
    }
