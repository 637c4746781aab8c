"""Where one merged row comes from: publisher, file, line, licence, repairs, issues, history — and the original line itself."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import feed, naming, parts, row_json, rows, store
from ckanext.kagoshima.consolidation.model import MergeFile, MergeRedirect
from ckanext.kagoshima.harvesting import archive
from recommended_datasets import licence
from recommended_datasets.merged_columns import typed_columns

AROUND = 5
"""Lines shown before and after a row's own."""


class Redirected(Exception):
    """The row has another id now."""

    def __init__(self, row_id: str) -> None:
        super().__init__(row_id)
        self.row_id = row_id


def of_row(dataset: str, row_id: str) -> dict[str, Any]:
    """The row and its passport.

    :raises Redirected: it is called otherwise now
    :raises tk.ObjectNotFound: there never was such a row, or it was removed
    """
    definition = catalogue.load().standard(dataset)
    row = rows.one(definition, row_id)
    if row is None:
        redirect = model.Session.get(MergeRedirect, row_id)
        if redirect is not None and redirect.dataset == dataset:
            raise Redirected(redirect.to_row_id)
        raise tk.ObjectNotFound(tk._("There is no such row."))
    history = feed.of_row(row_id)
    file = model.Session.get(MergeFile, (dataset, row["source_resource"]))
    known = licence.recognise(row["source_licence"])
    facts = _facts(file, row_id)
    return {
        "row": row_json.shown(row, typed_columns(definition), definition),
        "passport": {
            "row_id": row_id,
            "publisher": {"code": row["publisher_code"], "name": row["publisher_name"]},
            "dataset": {"name": row["source_dataset"], "url": naming.address(f"/dataset/{row['source_dataset']}")},
            "resource": {
                "id": row["source_resource"],
                "url": naming.address(f"/dataset/{row['source_dataset']}/resource/{row['source_resource']}"),
            },
            "file": row["source_url"],
            "sha256": row["source_sha256"],
            "line": row["source_line"],
            "status": row["row_status"] or "",
            "current_sha256": file.sha256 if file is not None else None,
            "archived": naming.address(f"/data/v1/{dataset}/rows/{row_id}/original")
            if archive.has(row["source_sha256"])
            else None,
            "licence": {
                "id": known.id if known else row["source_licence"],
                "url": known.url if known else "",
            },
            "edition": row["source_edition"],
            "rule_set": file.rule_set if file is not None else None,
            "repairs": facts["repairs"],
            "issues": facts["issues"],
            "first_seen": history[0].at.isoformat() if history else None,
            "last_changed": next(
                (change.at.isoformat() for change in reversed(history) if change.kind != "provenance"), None
            ),
            "history": [
                {"seq": c.seq, "at": c.at.isoformat(), "kind": c.kind, "cause": c.cause} for c in history
            ],
        },
    }


def original(sha256: str) -> bytes:
    """The archived file.

    :raises tk.ObjectNotFound: it is not kept (any more)
    """
    try:
        return archive.read(sha256)
    except archive.NotArchived as error:
        raise tk.ObjectNotFound(tk._("The original file is not kept any more.")) from error


def _facts(file: MergeFile | None, row_id: str) -> dict[str, list[dict[str, Any]]]:
    """Repairs and issues of the row, as its file's last merge told them."""
    try:
        return parts.facts_of_row(file.part, row_id) if file is not None and file.part else {"repairs": [], "issues": []}
    except store.Missing:
        return {"repairs": [], "issues": []}


def lines_around(data: bytes, line: int) -> list[tuple[int, str]]:
    """(line number, text) of the physical lines around `line`; empty where the file is no text."""
    from recommended_datasets.encoding import detect_encoding

    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return []
    found = detect_encoding(data)
    text = data.decode(getattr(found, "codec", None) or found.encoding, errors="replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = max(line - AROUND, 1)
    return [(number, lines[number - 1]) for number in range(first, min(line + AROUND, len(lines)) + 1)]
