"""The whole table as a workbook: made on request in a job, since it takes minutes where a CSV takes seconds.

Every cell is written as text or number, never as a formula. Above the rows that a sheet holds each publisher has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import polars as pl

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import parts, publishing, store
from ckanext.kagoshima.consolidation.model import MergeFile, MergeRun
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import UNKNOWN, csv_columns, source_id
from recommended_datasets.outputs_csv import mark

SHEET_ROWS = 1_048_576
"""What Excel holds on a sheet, its header among them."""


def location(run: MergeRun) -> str:
    return f"{publishing.version_folder(run.dataset, run.id)}/{run.dataset}.xlsx"


def ready(run: MergeRun) -> bool:
    return store.local_path(location(run)) is not None or (store.folder() is None and _stored(run))


def _stored(run: MergeRun) -> bool:
    try:
        store.read(location(run))
    except store.Missing:
        return False
    return True


def enqueue(run: MergeRun) -> None:
    """Ask for the workbook of this version; asking twice makes one."""
    job_id = f"kagoshima-xlsx-{tk.config['ckan.site_id']}-{run.id}"
    queue: Any = tk.get_job_queue(config.QUEUE)
    from rq.exceptions import NoSuchJobError
    from rq.job import Job

    try:
        if Job.fetch(job_id, connection=queue.connection).get_status(refresh=True) in ("queued", "started", "scheduled"):
            return
    except NoSuchJobError:
        pass
    queue.enqueue(make, run.dataset, job_id=job_id, job_timeout=3600)


def make(dataset: str) -> str:
    """Write the workbook of the public version. Idempotent. Returns where it is."""
    import xlsxwriter

    run = MergeRun.public(dataset)
    if run is None:
        raise tk.ObjectNotFound(dataset)
    if ready(run):
        return location(run)
    definition = catalogue.load().standard(dataset)
    files = [file for file in MergeFile.of_dataset(dataset) if file.accepted]
    with store.writing(location(run)) as path:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book: Any = xlsxwriter.Workbook(str(path), options)
        for name, of_sheet in sheets(files, sum(file.accepted for file in files)):
            _sheet(book, name, definition, (parts.stored_frame(file.part) for file in of_sheet))
        book.close()
    return location(run)


def sheets(files: list[MergeFile], rows: int, most: int = SHEET_ROWS - 1) -> Iterator[tuple[str, list[MergeFile]]]:
    """(name, files) of each sheet: one for all, or one for each publisher where one cannot hold all."""
    if rows <= most:
        yield "全件", files
        return
    for code in dict.fromkeys(file.publisher_code for file in files):
        own = [file for file in files if file.publisher_code == code]
        yield f"{code} {own[0].publisher_name}"[:31], own


def _sheet(book: Any, name: str, definition: Definition, frames: Iterable[pl.DataFrame]) -> None:
    columns = csv_columns(definition)
    sheet: Any = None
    at = number = 0
    for frame in frames:
        for row in frame.iter_rows(named=True):
            if sheet is None or at >= SHEET_ROWS:
                number += 1
                sheet = book.add_worksheet(name if number == 1 else f"{name[:26]} ({number})")
                sheet.freeze_panes(1, 0)
                sheet.write_row(0, 0, [column.label for column in columns])
                at = 1
            for place, column in enumerate(columns):
                _cell(sheet, at, place, column, row)
            at += 1
    if sheet is None:
        book.add_worksheet(name).write_row(0, 0, [column.label for column in columns])


def _cell(sheet: Any, row: int, place: int, column: Any, cells: dict[str, str | None]) -> None:
    text = cells[column.id]
    if text is None:
        import json

        originals: dict[str, str] = json.loads(cells[UNKNOWN.id] or "{}")
        sheet.write_string(row, place, mark(originals.get(source_id(column.id))))
    elif text and column.kind in ("float", "integer"):
        try:
            sheet.write_number(row, place, float(text))
        except (ValueError, TypeError):
            sheet.write_string(row, place, text)
    elif text:
        sheet.write_string(row, place, text[:32_767])
