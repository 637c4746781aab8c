"""What a changed definition would change: the verdicts of files under the old and the new one, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recommended_datasets.catalog import Catalog
from recommended_datasets.definition import Definition, DefinitionError, build, read
from recommended_datasets.matching import identify, match_columns
from recommended_datasets.reader import read_table
from recommended_datasets.report import Report
from recommended_datasets.table import ReadError


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One file under the old and the new definition; both `None` if it is not of this dataset or cannot be read."""

    path: Path
    old: Report | None = None
    new: Report | None = None
    reason: str = ""
    """``unreadable`` or ``other-dataset`` where there is no verdict."""

    @property
    def changed(self) -> bool:
        """Would status, accepted rows or the kinds and numbers of issues change?"""
        if self.old is None or self.new is None:
            return False
        return _facts(self.old) != _facts(self.new)

    def gone(self) -> dict[str, int]:
        """Issue code → how many fewer there would be."""
        return _fewer(self.old, self.new)

    def come(self) -> dict[str, int]:
        """Issue code → how many more there would be."""
        return _fewer(self.new, self.old)


def _facts(report: Report) -> tuple[object, ...]:
    return report.status, report.accepted_count, tuple(sorted(report.issue_counts.items()))


def _fewer(first: Report | None, second: Report | None) -> dict[str, int]:
    before, after = (report.issue_counts if report else {} for report in (first, second))
    return {code: count - after.get(code, 0) for code, count in sorted(before.items()) if count > after.get(code, 0)}


def load(source: str, catalog: Catalog) -> dict[str, Definition]:
    """The definitions that `source` means, by dataset id: a YAML file, a folder of them, or ``aed`` or ``aed:recommended`` in
    the catalog. `DefinitionError` if there is none."""
    path = Path(source)
    if path.is_dir():
        found = [build(read(file)) for file in sorted([*path.glob("*.yaml"), *path.glob("*/*.yaml")])]
        if not found:
            raise DefinitionError(f"{source}: 定義のファイルがありません / no definition file in this folder")
        newest: dict[str, Definition] = {}
        for definition in found:
            if definition.id not in newest or definition.edition == "standard":
                newest[definition.id] = definition
        return newest
    if path.is_file():
        definition = build(read(path))
        return {definition.id: definition}
    dataset, _, edition = source.partition(":")
    try:
        definition = catalog.get(dataset, edition) if edition else catalog.standard(dataset)
    except KeyError:
        text = f"{source}: 定義のファイルもデータセットもありません / neither a definition file nor a dataset"
        raise DefinitionError(text) from None
    return {definition.id: definition}


def verdicts(path: Path, old: dict[str, Definition], new: dict[str, Definition], catalog: Catalog) -> Verdicts:
    """The file judged by both. Its dataset is found by its header; with one definition only, it is that one's."""
    try:
        table = read_table(path, name=path.name, known=catalog.knows)
    except ReadError:
        return Verdicts(path, reason="unreadable")
    both = old.keys() & new.keys()
    found = [m.definition.id for m in identify(table, catalog) if m.definition.id in both]
    if not found and len(both) == 1 and next(iter(both)) not in catalog.ids():
        found = list(both)  # a dataset of one's own, which the catalog does not know
    if not found:
        return Verdicts(path, reason="other-dataset")
    from recommended_datasets.validation import Validation

    reports: list[Report] = []
    for definition in (old[found[0]], new[found[0]]):
        columns = match_columns(table, definition, catalog=catalog)
        validation = Validation(definition, columns=columns, catalog=catalog)
        validation.feed(table)
        reports.append(validation.finish())
    return Verdicts(path, reports[0], reports[1])
