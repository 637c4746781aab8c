"""Many files → one merged table for each dataset, on disk: what the catalogue does, for people without one.

Every row of every file is counted once: rows_in = accepted + rejected + duplicates + withheld.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommended_datasets import consolidation, municipality
from recommended_datasets.catalog import Catalog
from recommended_datasets.checking import check_bytes
from recommended_datasets.consolidation import Balance, Contribution, Source
from recommended_datasets.definition import Definition
from recommended_datasets.normalisation import normalise_checked
from recommended_datasets.report import Issue


@dataclass(frozen=True, slots=True)
class Left:
    """A file that is in no merged table, and why: it cannot be read, or is of no standard."""

    path: Path
    issue: Issue
    readable: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the files: a balance for each dataset and publisher, and the files that were left out."""

    balances: dict[str, dict[str, Balance]] = field(default_factory=dict[str, dict[str, Balance]])
    left: tuple[Left, ...] = ()
    written: tuple[Path, ...] = ()

    def as_dict(self) -> list[dict[str, Any]]:
        """As `kagoshima_consolidation_show` answers, one entry for each dataset."""
        found: list[dict[str, Any]] = []
        for dataset, publishers in sorted(self.balances.items()):
            each = [{"municipality_code": code, **balance.as_dict()} for code, balance in sorted(publishers.items())]
            found.append({"dataset": dataset, **sum(publishers.values(), Balance()).as_dict(), "municipalities": each})
        return found


def merge(
    paths: Iterable[Path],
    folder: Path,
    *,
    catalog: Catalog,
    dataset: str | None = None,
    publisher: str | None = None,
    licence: str = "",
    seen: Callable[[Path], None] | None = None,
) -> Merged:
    """Merge the files into ``<dataset>.csv``, ``.geojson``, ``.parquet``, ``.rejected.csv`` and ``.duplicates.csv`` in
    `folder`, which is made if need be. `publisher` stands for every file; left out, what each file says of itself.
    `licence` is noted beside each row. `seen` is called after each file. `OSError` if the folder cannot be written."""
    contributions: dict[str, list[Contribution]] = {}
    left: list[Left] = []
    for path in paths:
        checked = check_bytes(path, name=path.name, dataset=dataset, municipality_code=publisher, catalog=catalog)
        if checked.table is None or checked.definition is None:
            left.append(Left(path, checked.report.issues[0], checked.table is not None))
        else:
            target = catalog.standard(checked.definition.id)
            code = checked.municipality_code or ""
            known = municipality.by_code(code)
            source = Source(
                code,
                known.name if known else "",
                target.id,
                str(path),
                sha256=checked.table.sha256,
                licence=licence,
                edition=checked.definition.edition,
            )
            normalised = normalise_checked(checked, code, catalog=catalog)
            found = consolidation.contribute(checked.table, normalised, target, source)
            contributions.setdefault(target.id, []).append(found)
        if seen:
            seen(path)
    folder.mkdir(parents=True, exist_ok=True)
    balances: dict[str, dict[str, Balance]] = {}
    written: list[Path] = []
    for name, of_dataset in sorted(contributions.items()):
        for contribution in of_dataset:
            of_publisher = balances.setdefault(name, {})
            code = contribution.source.publisher_code
            of_publisher[code] = of_publisher.get(code, Balance()) + contribution.balance
        written += _write(folder, catalog.standard(name), of_dataset)
    merged = Merged(balances, tuple(left), tuple(written))
    reasons = [{"file": str(item.path), "code": item.issue.code} for item in left]
    summary = {"rule_set": catalog.rule_set, "datasets": merged.as_dict(), "left": reasons}
    (folder / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return merged


def _write(folder: Path, definition: Definition, contributions: list[Contribution]) -> list[Path]:
    import polars as pl

    from recommended_datasets import merged_versions, outputs, outputs_csv, outputs_geojson, outputs_parquet

    frames: list[pl.DataFrame] = []
    publishers: dict[str, list[Contribution]] = {}
    for contribution in contributions:
        publishers.setdefault(contribution.source.publisher_code, []).append(contribution)
    for of_publisher in publishers.values():
        version = merged_versions.identify({}, of_publisher, definition)
        frames.append(outputs.stored_frame_of(version.columns, definition))
    stored = pl.concat(frames).sort("publisher_code", maintain_order=True)
    typed = outputs_parquet.with_geometry(outputs.typed_frame(stored, definition), definition)
    rejected = [outputs_csv.dropped_rows(c.source, c.rejected) for c in contributions]
    duplicates = [outputs_csv.dropped_rows(c.source, c.duplicates) for c in contributions]
    features = outputs_geojson.body(typed, definition)
    contents = {
        "csv": outputs_csv.header(definition) + outputs_csv.rows(stored, definition),
        "geojson": outputs_geojson.HEAD + features + outputs_geojson.TAIL,
        "rejected.csv": b"".join([outputs_csv.dropped_header(), *rejected]),
        "duplicates.csv": b"".join([outputs_csv.dropped_header(), *duplicates]),
    }
    paths = {ending: folder / f"{definition.id}.{ending}" for ending in (*contents, "parquet")}
    for ending, content in contents.items():
        paths[ending].write_bytes(content)
    outputs_parquet.write([typed], paths["parquet"], definition)
    return list(paths.values())
