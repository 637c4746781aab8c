"""A few publishers and files for the tests of pages, search, checks and feeds."""

from __future__ import annotations

import io
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.tests import factories, helpers
from werkzeug.datastructures import FileStorage

from recommended_datasets import municipality

HEADER = "NO,名称,住所,緯度,経度,市区町村コード,災害種別_洪水,災害種別_津波"
GOOD = [f"{n},見本公園{n},見本町{n},31.5{n},130.5{n},462012,1," for n in range(1, 6)]


def context() -> dict[str, Any]:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def publisher(code: str, parent: str = "") -> dict[str, Any]:
    """The organisation of a real publisher, as `organizations sync` makes it."""
    one = municipality.by_code(code)
    assert one is not None
    return factories.Organization(
        name=code, title=one.name, description="", municipality_code=code, kana=one.kana, region=one.region, kind=one.kind,
        former_names="、".join(name for name, _ in one.former), groups=[{"name": parent}] if parent else [],
    )  # fmt: skip


def sites(rows: list[str] = GOOD, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join([HEADER, *rows, ""]).encode(encoding)


def dataset(code: str, **values: Any) -> dict[str, Any]:
    data = {"title": "指定緊急避難場所一覧", "owner_org": code, "recommended_dataset": "evacuation_space"}
    return helpers.call_action("package_create", context=context(), **{**data, "license_id": "cc-by-4.0", **values})


def upload(package: str, data: bytes, filename: str = "462012_evacuation_space.csv", **values: Any) -> dict[str, Any]:
    file = FileStorage(io.BytesIO(data), filename)
    return helpers.call_action("resource_create", context=context(), package_id=package, upload=file, **values)
