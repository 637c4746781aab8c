"""Validators of codes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, types

from recommended_datasets import municipality

__all__ = ["kagoshima_code", "kagoshima_publisher_code"]


def kagoshima_code(value: Any) -> Any:
    """A 全国地方公共団体コード of six digits; one of five gets its check digit. Blank is fine."""
    if not value:
        return value
    text = str(value).strip()
    completed = municipality.complete(text)
    if completed is None:
        raise tk.Invalid(tk._("%s is not a code of six digits with a right check digit.") % text)
    return completed


def kagoshima_publisher_code(
    key: types.FlattenKey, data: types.FlattenDataDict, errors: types.FlattenErrorDict, context: types.Context
) -> None:
    """An empty code becomes that of the dataset's organisation."""
    value = data.get(key)
    if value and value is not tk.missing:
        try:
            data[key] = kagoshima_code(value)
        except tk.Invalid as error:
            errors[key].append(error.error)
        return
    organization: Any = model.Group.get(data.get(("owner_org",)) or "")
    if organization is not None:
        data[key] = (organization.extras or {}).get("municipality_code") or (
            organization.name if municipality.valid(organization.name) else ""
        )
