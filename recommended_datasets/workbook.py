"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) → `Table`, by python-calamine."""

from __future__ import annotations

from recommended_datasets.layout import Known
from recommended_datasets.sniffing import WorkbookKind
from recommended_datasets.table import ReadError, Table


def read_workbook(
    content: bytes, kind: WorkbookKind, *, sheet: str | None = None, header_line: int = 0, known: Known | None = None
) -> Table:
    """The best matching sheet of a workbook as a table."""
    raise ReadError("broken-workbook", reason=kind)
