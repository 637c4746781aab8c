"""`Finding`: one place in a file that may say something about a person, or that nobody sees. It never holds the value."""

from __future__ import annotations

from dataclasses import dataclass

from recommended_datasets.report import Issue, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of `sensitive.scan`.

    `severity` ``error`` = keep the file back until a person has decided; ``warning`` = look; ``info`` = to know.
    A cell is named by `record`, `line` and `column` (header) in a CSV file and by `sheet` and `cell` (``"C12"``) in a
    workbook, where `line` is the sheet's row. `value` is masked when the finding is made (`mask_…`): the clear text is
    nowhere in this object, so it can be logged, mailed and stored.
    """

    code: str
    severity: Severity
    value: str = ""
    record: int = 0
    line: int = 0
    column: str = ""
    field: str = ""
    sheet: str = ""
    cell: str = ""

    @property
    def holds(self) -> bool:
        """Whether the file must not become readable before a person decides."""
        return self.severity == "error"

    def issue(self) -> Issue:
        """The finding as an `Issue` (value masked), for reports; its text is in `messages.yaml` under the same code."""
        return Issue(
            self.code, self.severity, self.record, self.line, self.field, self.column, self.value,
            values=(("sheet", self.sheet), ("cell", self.cell)),
        )


def cell_name(row: int, column: int) -> str:
    """``(0, 27)`` → ``"AB1"``."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def mask_number(length: int = 12) -> str:
    return "*" * length


def mask_phone(digits: str) -> str:
    """``"09012345678"`` → ``"090-****-****"``."""
    return f"{digits[:3]}-****-****"


def mask_mail(address: str) -> str:
    """``"taro@gmail.com"`` → ``"***@gmail.com"``."""
    return "***@" + address.rpartition("@")[2]


def mask_text(text: str) -> str:
    """The first character and the length: ``"山田 太郎"`` → ``"山****"``."""
    text = text.strip()
    return text[:1] + "*" * max(len(text) - 1, 0)
