"""A file that is to be public, in the catalogue's words: its dataset and its resource as CKAN takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue, reports
from ckanext.kagoshima.harvesting import frequencies
from ckanext.kagoshima.harvesting.entries import Entry, file_name
from ckanext.kagoshima.harvesting.examination import Examined
from ckanext.kagoshima.harvesting.naming import Identity
from ckanext.kagoshima.resources import formats
from recommended_datasets import municipality

KINDS = {
    "PDF": ("PDF の文書", "a PDF document"),
    "ZIP": ("まとめて圧縮したファイル（ZIP）", "an archive (ZIP)"),
    "SHP": ("地図データ（Shapefile）", "map data (Shapefile)"),
    "KML": ("地図データ（KML）", "map data (KML)"),
    "KMZ": ("地図データ（KMZ）", "map data (KMZ)"),
    "GEOJSON": ("地図データ（GeoJSON）", "map data (GeoJSON)"),
    "DOC": ("文書（Word）", "a document (Word)"),
    "DOCX": ("文書（Word）", "a document (Word)"),
    "PNG": ("画像", "a picture"),
    "JPEG": ("画像", "a picture"),
}
"""Words for formats that are no table, by CKAN's name of the format."""
GTFS_JP = "https://www.mlit.go.jp/sogoseisaku/transport/sosei_transport_tk_000112.html"


@dataclass(frozen=True, slots=True)
class Publication:
    """One file that is to be public as one resource."""

    identity: Identity
    entry: Entry
    examined: Examined
    body: bytes
    licence: str
    """Id of the licence as the source states it; `NOT_STATED` where it states none."""
    licence_changed: bool = False
    """The source stated another one (or none) when this file was last published."""
    reread: bool = False
    """A person confirmed another way to read it (a mapping, repairs) since it was last published."""


def stored_name(one: Publication) -> str:
    """The ASCII name under which a file is downloaded: the standard's for a standard file, else what is ASCII of its own."""
    ending = f".{one.examined.format.lower()}"
    known = formats.of(one.entry.url)
    if known is not None and known.name == one.examined.format:
        ending = f".{file_name(one.entry.url).rsplit('.', 1)[-1].lower()}"
    if one.identity.dataset:
        parts = [one.identity.name.split("-", 1)[0], one.identity.dataset, *_ascii(one.identity.key).split("-")]
        return "_".join(part for part in parts if part and part != "all") + ending
    stem = _ascii(file_name(one.entry.url).rsplit(".", 1)[0])
    return f"{stem or one.identity.name}{ending}"


def _ascii(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text).strip("-").replace("--", "-")


def resource_of(one: Publication) -> dict[str, Any]:
    """The resource as `package_create` and `package_update` take it, with the fields of its report."""
    known = next((known for known in formats.FORMATS.values() if known.name == one.examined.format), None)
    entry, report = one.entry, one.examined.report
    resource: dict[str, Any] = {
        "id": one.identity.resource_id,
        "name": _resource_name(one),
        "url": stored_name(one),
        "url_type": "upload",
        "format": one.examined.format,
        "mimetype": known.media_type if known is not None else "application/octet-stream",
        "size": len(one.body),
        "part": one.identity.part,
        "period": one.identity.period,
        "download_url": entry.url,
        "access_url": entry.page,
        "hash": one.examined.sha256,
        "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
        "rights": entry.licence if one.licence != entry.licence else "",
    }
    if one.examined.date and len(one.examined.date) == 10:
        resource["reference_date"] = one.examined.date
    if one.examined.gtfs:
        resource["conforms_to"] = [GTFS_JP]
    if report is not None:
        resource.update(reports.status_fields(report, sha256=one.examined.sha256))
    else:
        resource["description"] = why_no_table(one.examined)
    return resource


def why_no_table(examined: Examined) -> str:
    """Why a file that is kept and described is neither checked nor merged, for the page of its resource."""
    if examined.gtfs:
        ja, en = "標準的なバス情報フォーマット（GTFS）のまとまり", "a GTFS feed"
    else:
        ja, en = KINDS.get(examined.format, (f"{examined.format} 形式のファイル", f"a file of the format {examined.format}"))
    return (
        f"{ja}で、一つの表ではないため、検査と統合の対象にならず、そのまま公開しています。"
        f" / It is {en}, not one table: published as it is, neither checked nor merged."
    )


def _resource_name(one: Publication) -> str:
    title = one.entry.file_title or one.entry.title
    if one.identity.dataset and not title:
        title = catalogue.title(one.identity.dataset, "ja")
        marks = [mark for mark in (one.identity.part, one.identity.period) if mark]
        return f"{title}（{'、'.join(marks)}）" if marks else title
    if one.identity.period and one.identity.dataset and one.identity.period not in title:
        return f"{title}（{one.identity.period}）"
    return title or file_name(one.entry.url)


def package_of(code: str, publications: Sequence[Publication]) -> dict[str, Any]:
    """The dataset, new, without its resources.

    :raises tk.ObjectNotFound: the publisher `code` has no organisation
    """
    one = publications[0]
    entry, identity = one.entry, one.identity
    organization = model.Group.get(code)
    if organization is None:
        raise tk.ObjectNotFound(code)
    publisher = municipality.by_code(code, config.definition_folders())
    name = publisher.name if publisher is not None else organization.title
    title = catalogue.title(identity.dataset, "ja") if identity.dataset else identity.title
    package: dict[str, Any] = {
        "id": identity.package_id,
        "name": identity.name,
        "title": f"{name} {title}" if identity.dataset else title,
        "notes": entry.description,
        "owner_org": organization.id,
        "municipality_code": code,
        "recommended_dataset": identity.dataset or "",
        "edition": next((p.examined.edition for p in publications if p.examined.edition), "") or "",
        "license_id": one.licence,
        "url": entry.page,
        "identifier": entry.own_id,
        "frequency": frequencies.of(entry.frequency),
    }
    if entry.contact_name or entry.contact_email:
        package["contact"] = [{"name": entry.contact_name, "email": entry.contact_email}]
    return package
