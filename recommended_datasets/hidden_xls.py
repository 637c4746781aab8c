"""`look_xls`: what an .xls (BIFF8) hides, by xlrd, which alone tells hidden rows, columns, notes and names."""

from __future__ import annotations

import os
from collections.abc import Iterable

from recommended_datasets.hidden import HiddenSheet, Look, Span
from recommended_datasets.sensitive_finding import cell_name
from recommended_datasets.table import ReadError

_STATES = {0: "visible", 1: "hidden", 2: "very-hidden"}


def look_xls(data: bytes) -> Look:
    """Sheets in their order, with everything found. Raises `ReadError`."""
    import xlrd

    try:
        with open(os.devnull, "w") as nowhere:
            book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=nowhere)
    except Exception as error:  # xlrd raises many kinds on damaged files
        raise ReadError("broken-workbook", reason=str(error)) from error
    view = Look()
    for index, sheet in enumerate(book.sheets()):
        found = HiddenSheet(sheet.name, _STATES.get(sheet.visibility, "hidden"))
        found.rows = _spans(r for r, info in sorted(sheet.rowinfo_map.items()) if info.hidden or info.height == 0)
        found.columns = _spans(c for c, info in sorted(sheet.colinfo_map.items()) if info.hidden or info.width == 0)
        found.comments = [(cell_name(r, c), note.text) for (r, c), note in sorted(sheet.cell_note_map.items())]
        found.filtered = any(n.scope == index and n.name.endswith("_FilterDatabase") for n in book.name_obj_list)
        view.sheets.append(found)
    for name in book.name_obj_list:
        if not name.builtin and not name.name.startswith("_xlnm."):
            formula = str(getattr(name, "formula_text", "") or "")  # an attribute that xlrd's stubs do not know
            view.extras.append(("defined-name", name.name, formula, "info"))
    if book.user_name:
        view.extras.append(("author-property", "user", book.user_name, "info"))
    return view


def _spans(indexes: Iterable[int]) -> list[Span]:
    spans: list[Span] = []
    for index in indexes:
        if spans and spans[-1][1] == index - 1:
            spans[-1] = (spans[-1][0], index)
        else:
            spans.append((index, index))
    return spans
