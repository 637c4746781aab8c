"""Validators of what a dataset or file is called and when it is from."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, types

__all__ = ["kagoshima_dataset_name", "kagoshima_iso_date", "kagoshima_of_the_check"]

_DATE = re.compile(r"(\d{4}(?:-\d{2}(?:-\d{2})?)?)(?:[T ].*)?")


def kagoshima_iso_date(value: Any) -> Any:
    """``2026``, ``2026-04`` or ``2026-04-01``, and a day that exists."""
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    text = str(value or "").strip()
    if not text:
        return text
    match = _DATE.fullmatch(text)
    if match:
        day = match.group(1)
        try:
            datetime.date.fromisoformat(day + "-01-01"[len(day) - 10 :] if len(day) < 10 else day)
            return day
        except ValueError:
            pass
    raise tk.Invalid(tk._("Write the date like 2026-04-01."))


def kagoshima_dataset_name(
    key: types.FlattenKey, data: types.FlattenDataDict, errors: types.FlattenErrorDict, context: types.Context
) -> None:
    """An empty name becomes ``<code of the publisher>-<id of the standard dataset>``, never a slug of a Japanese title.

    Data of no standard gets a random end instead of the id.
    """
    value = data.get(key)
    if value and value is not tk.missing:
        return
    package = context.get("package")
    if package is not None:
        data[key] = package.name
        return
    code = data.get(("municipality_code",))
    if not code or code is tk.missing:
        organization = model.Group.get(data.get(("owner_org",)) or "")
        code = organization.name if organization is not None else "dataset"
    dataset = data.get(("recommended_dataset",))
    end = str(dataset).replace("_", "-") if dataset and dataset is not tk.missing else uuid.uuid4().hex[:8]
    data[key] = f"{code}-{end}"


def kagoshima_of_the_check(
    key: types.FlattenKey, data: types.FlattenDataDict, errors: types.FlattenErrorDict, context: types.Context
) -> None:
    """What a check found is written by the check alone: whoever saves a resource otherwise keeps what is stored.

    The check, the harvester and the merge write as the site (`ignore_auth`). A form that sends an old value along, or a
    client that declares its own file faultless, changes nothing; a new file has no verdict until it is checked.
    """
    if context.get("ignore_auth"):
        return
    resource: Any = model.Resource.get(data.get((*key[:-1], "id")) or "")
    name = str(key[-1])
    sent = data.get(key)
    stored = (resource.extras or {}).get(name) if resource is not None else None
    # A form that uploads a new file leaves the field out, on purpose.
    data[key] = stored if sent not in (None, "", tk.missing) and stored is not None else tk.missing
