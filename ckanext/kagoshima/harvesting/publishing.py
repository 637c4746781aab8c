"""The harvester's writes to the catalogue: one dataset, all its changed files, in one create or one update.

A resource's id follows from its identity and its report and bytes are stored before the save, so that the save is
whole: no second update, and nothing stale for `subscriptions` to check again. Done twice, the second time writes nothing.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import uploader
from werkzeug.datastructures import FileStorage

from ckanext.kagoshima.checking import reports
from ckanext.kagoshima.harvesting import readings
from ckanext.kagoshima.harvesting.describing import Publication, package_of, resource_of, stored_name
from ckanext.kagoshima.harvesting.naming import Identity
from ckanext.kagoshima.signals import report_changed
from recommended_datasets import licence as licences

STAFF_OWNED = ("name", "description")
"""Fields of a resource that a harvest fills once and then leaves to staff."""


def licence_of(statement: str) -> str:
    """The id of the licence that `statement` names; `NOT_STATED` without one. Words that no licence is known for stay
    as they are."""
    if not licences.is_stated(statement):
        return licences.NOT_STATED
    known = licences.recognise(statement)
    return known.id if known is not None else statement.strip()[:100]


def publish(code: str, publications: Sequence[Publication]) -> str:
    """Bring the dataset that all `publications` belong to up to date: ``created``, ``updated`` or ``unchanged``. The caller
    holds the dataset's lock (`locked`).

    :raises tk.ValidationError: the catalogue refuses a value
    :raises tk.ObjectNotFound: the publisher has no organisation
    """
    first = publications[0]
    package = _show(first.identity)
    if package is None:
        return _create(code, publications)
    return _update(code, package, publications)


def withdraw(package_name: str, resource_ids: Sequence[str]) -> str:
    """Take resources out of their dataset; a dataset without any is deleted (not purged). ``unchanged`` where they
    are gone."""
    with locked(package_name):
        package = model.Package.get(package_name)
        if package is None or package.state != model.State.ACTIVE:
            return "unchanged"
        shown = tk.get_action("package_show")(_context(), {"id": package.id})
        kept = [resource for resource in shown["resources"] if resource["id"] not in resource_ids]
        if len(kept) == len(shown["resources"]):
            return "unchanged"
        if kept:
            tk.get_action("package_update")(_context(), {**shown, "resources": kept})
        else:
            tk.get_action("package_delete")(_context(), {"id": package.id})
        return "withdrawn"


def _context() -> Any:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"ignore_auth": True, "user": user}


@contextmanager
def locked(name: str) -> Any:
    """One writer per dataset over all workers, whatever commits in between."""
    with model.Session.get_bind().connect() as connection:  # type: ignore
        connection.execute(sa.text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": f"kagoshima {name}"})
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(hashtext(:name))"), {"name": f"kagoshima {name}"})


def _show(identity: Identity) -> dict[str, Any] | None:
    package = model.Package.get(identity.name) or model.Package.get(identity.package_id)
    if package is None:
        return None
    return tk.get_action("package_show")(_context(), {"id": package.id})


def _create(code: str, publications: Sequence[Publication]) -> str:
    identity = publications[0].identity
    package = package_of(code, publications)
    package["resources"] = _sorted([resource_of(one) for one in publications])
    _store(identity.package_id, code, publications)
    context: Any = {**_context(), "return_id_only": True}
    tk.get_action("package_create")(context, package)
    _tell(identity.package_id, publications)
    return "created"


def _update(code: str, package: dict[str, Any], publications: Sequence[Publication]) -> str:
    resources = {resource["id"]: resource for resource in package["resources"]}
    revived = package["state"] != model.State.ACTIVE
    if revived:
        resources = {}
    changed: list[Publication] = []
    for one in publications:
        wanted = resource_of(one)
        current = resources.get(wanted["id"])
        if current is None or one.reread or _differs(current, wanted):
            changed.append(one)
            named = {key: value for key in STAFF_OWNED if (value := (current or {}).get(key))}
            resources[wanted["id"]] = {**(current or {}), **wanted, **named}
    edition = next((one.examined.edition for one in publications if one.examined.edition), None)
    # What staff changed by hand stays; the licence follows the source only when the source itself changed it.
    fields: dict[str, Any] = {}
    licence = next((one.licence for one in publications if one.licence_changed), package.get("license_id"))
    if licence != package.get("license_id"):
        fields["license_id"] = licence
    if edition and edition != package.get("edition"):
        fields["edition"] = edition
    if not changed and not fields and not revived:
        return "unchanged"
    _store(package["id"], code, changed)
    tk.get_action("package_update")(
        _context(), {**package, **fields, "state": model.State.ACTIVE, "resources": _sorted(list(resources.values()))}
    )
    _tell(package["id"], changed)
    return "updated"


def _store(package_id: str, code: str, publications: Sequence[Publication]) -> None:
    for one in publications:
        _write(one)
        report = one.examined.report
        if report is not None:
            as_ = readings.checked_as(code, one.identity.dataset or "", one.examined.reading)
            reports.store(one.identity.resource_id, package_id, report, sha256=one.examined.sha256, checked_as=as_)
    model.Session.flush()


def _write(one: Publication) -> None:
    name = stored_name(one)
    upload = uploader.get_resource_uploader(
        {"id": one.identity.resource_id, "url": name, "upload": FileStorage(io.BytesIO(one.body), filename=name)}
    )
    upload.upload(one.identity.resource_id, max(uploader.get_max_resource_size(), len(one.body) // 1024 // 1024 + 1))


def _tell(package_id: str, publications: Sequence[Publication]) -> None:
    for one in publications:
        if one.identity.dataset:
            report_changed.send(one.identity.resource_id, package_id=package_id, dataset=one.identity.dataset)


def _sorted(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parts by name, the newest period first."""
    by_part = sorted(resources, key=lambda resource: (resource.get("part") or "", resource.get("name") or ""))
    return sorted(by_part, key=lambda resource: resource.get("period") or "", reverse=True)


def _differs(current: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether the resource must be written. Its name and description are staff's once it exists; the address is CKAN's own."""
    kept = ("url", "rights", "access_url", "conforms_to", "mimetype", *STAFF_OWNED)
    return any((current.get(key) or "") != (value or "") for key, value in wanted.items() if key not in kept)


