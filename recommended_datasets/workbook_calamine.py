"""What python-calamine reads of a workbook: its sheets' names, and the cells of each as text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from recommended_datasets.csv_records import Flaw
from recommended_datasets.table import ReadError
from recommended_datasets.workbook_cells import by_digits, cell_text, row_texts
from recommended_datasets.workbook_grid import Grid, Marks

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_DURATION = re.compile(r"PT(\d{1,4})H(\d\d)M(\d\d)(?:[.,]\d+)?S$")
_ERROR = re.compile(r"(?:#(?:DIV/0!|N/A|REF!|VALUE!|NAME\?|NUM!|NULL!)|Err:5\d\d)$")


def open_book(content: bytes) -> tuple[list[str], list[str], CalamineWorkbook]:
    """Names of the visible and of the hidden worksheets, and calamine's workbook."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [one for one in book.sheets_metadata if one.typ == python_calamine.SheetTypeEnum.WorkSheet]
    except python_calamine.PasswordError as error:
        raise ReadError("encrypted-workbook") from error
    except BaseException as error:
        raise _broken(error) from error
    visible = python_calamine.SheetVisibleEnum.Visible
    return [one.name for one in sheets if one.visible == visible], [one.name for one in sheets if one.visible != visible], book


def _broken(error: BaseException) -> BaseException:
    """calamine's errors, and the panics of its Rust code (no `Exception`), as a `ReadError`."""
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, ReadError)):
        return error
    return ReadError("broken-workbook", reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__)


def sheet_of(book: CalamineWorkbook, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except BaseException as error:
        raise _broken(error) from error


def grid_of(source: CalamineSheet, marks: Marks | None, style: str) -> Grid:
    """The cells of one sheet, dates in the usual `style`. Without `marks` (.ods, .xlsb) calamine gives errors as text."""
    memo: dict[object, str] = {}
    try:
        first_row, left = source.start or (0, 0)
        values = cast("Iterator[list[object]]", source.iter_rows())
        cells = list(values) if marks else None
        rows = [] if marks else [row_texts(row, style, memo) for row in values]
        merged = source.merged_cell_ranges or []
    except BaseException as error:
        raise _broken(error) from error
    last_row = (source.end or (0, 0))[0]
    top = 0 if len(cells or rows) == last_row + 1 else first_row
    flaws, wrong = _special_cells(cells, marks, top, left) if cells and marks else ([], dict[tuple[int, int], str]())
    if cells:
        rows = [row_texts(row, style, memo) for row in cells]
    for (r, c), text in wrong.items():
        rows[r][c] = text
    unreadable = set(wrong)
    if marks is None:
        unreadable |= _plain_texts(rows, flaws, top)
    return Grid(rows, top, left, merged, flaws, unreadable)


def _special_cells(
    values: list[list[object]], marks: Marks, top: int, left: int
) -> tuple[list[Flaw], dict[tuple[int, int], str]]:
    """Puts the cells that have a format of their own into `values` as text; flaws and texts of those that cannot be read."""
    flaws: list[Flaw] = []
    unreadable: dict[tuple[int, int], str] = {}

    def index(place: tuple[int, int]) -> tuple[int, int] | None:
        r, c = place[0] - 1 - top, place[1] - left
        return (r, c) if 0 <= r < len(values) and 0 <= c < len(values[r]) else None

    for place, style in marks.digits.items():
        at = index(place)
        if at:
            value = values[at[0]][at[1]]
            if isinstance(value, float):
                values[at[0]][at[1]] = by_digits(value, style) or value
    for place, style in marks.dates.items():
        at = index(place)
        if at and not isinstance(values[at[0]][at[1]], (str, float)):
            values[at[0]][at[1]] = cell_text(values[at[0]][at[1]], style)
    for place, text in marks.errors.items():
        at = index(place)
        if at:
            unreadable[at] = text
            flaws.append(Flaw("cell-error", "error", *at, place[0], text))
    for place, formula in marks.bare.items():
        at = index(place)
        if at and values[at[0]][at[1]] == "":
            unreadable[at] = f"={formula}" if formula else ""
            flaws.append(Flaw("formula-without-value", "error", *at, place[0], unreadable[at][:200]))
    return flaws, unreadable


def _plain_texts(rows: list[list[str]], flaws: list[Flaw], top: int) -> set[tuple[int, int]]:
    """In .ods and .xlsb errors come as text, and times of 24:00 and later as PT24H00M00S."""
    errors: set[tuple[int, int]] = set()
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if text.startswith("PT"):
                time = _DURATION.match(text)
                if time:
                    row[c] = f"{int(time[1])}:{time[2]}" + (f":{time[3]}" if int(time[3]) else "")
            elif text.startswith(("#", "Err:")) and _ERROR.match(text):
                errors.add((r, c))
                flaws.append(Flaw("cell-error", "error", r, c, top + r + 1, text))
    return errors
