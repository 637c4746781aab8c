"""What the core's tests share: real files of publishers where the workplace has them, and CSV bytes made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real municipal files; the test is skipped where it is not there."""
    folder = SHARED / "samples"
    if not folder.is_dir():
        pytest.skip("../shared/samples is not here")
    return folder


@pytest.fixture(scope="session")
def municipal_web() -> Path:
    """The folder of the municipal web to harvest; the test is skipped where it is not there."""
    folder = SHARED / "municipal_web"
    if not folder.is_dir():
        pytest.skip("../shared/municipal_web is not here")
    return folder
