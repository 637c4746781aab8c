"""The configuration files of a stack, written from `templates/`."""

from __future__ import annotations

import os
import re
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"


def render(name: str, values: dict[str, str]) -> str:
    """The template with every ``@NAME@`` replaced.

    :raises KeyError: the template asks for a name that is not in `values`.
    """
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)


def write(path: Path, text: str, private: bool = False) -> bool:
    """Write a file if its content differs; True if it did."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if private else 0o644
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    return True
