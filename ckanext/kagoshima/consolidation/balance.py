"""What became of every row: per publisher and per file, as stored by the last run."""

from __future__ import annotations

from typing import Any

from ckanext.kagoshima.consolidation.model import MergeFile, MergeRun
from recommended_datasets.consolidation import Balance


def of_dataset(dataset: str) -> dict[str, Any]:
    """The balance of a merged table, of each of its publishers and of each file; all zero where nothing was merged yet."""
    files = MergeFile.of_dataset(dataset)
    last = MergeRun.last(dataset)
    total = sum((file.balance for file in files), Balance())
    publishers: dict[str, list[MergeFile]] = {}
    for file in files:
        publishers.setdefault(file.publisher_code, []).append(file)
    return {
        "dataset": dataset,
        **total.as_dict(),
        "run": last.id if last is not None else None,
        "at": last.at.isoformat() if last is not None else None,
        "rule_set": last.rule_set if last is not None else None,
        "licence": last.licence if last is not None else None,
        "municipalities": [_publisher(code, own) for code, own in publishers.items()],
    }


def _publisher(code: str, files: list[MergeFile]) -> dict[str, Any]:
    total = sum((file.balance for file in files), Balance())
    return {
        "municipality_code": code,
        "name": files[0].publisher_name,
        **total.as_dict(),
        "files": [
            {
                "resource_id": file.resource_id,
                "dataset": file.source["dataset"],
                "url": file.source["url"],
                "sha256": file.sha256,
                "licence": file.source["licence"],
                "edition": file.source["edition"],
                "part": file.source["part"],
                "period": file.source["period"],
                "outcome": file.outcome,
                **file.balance.as_dict(),
                "reasons": file.reasons,
            }
            for file in files
        ],
    }
