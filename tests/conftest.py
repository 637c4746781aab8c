"""What all suites share: where the services of the test stack are, and where shared test material is if there is any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parent.parent

# The same examples in every run, so that a change is judged and not the dice. `HYPOTHESIS_PROFILE=dice` draws new ones.
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("dice", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_configure(config: pytest.Config) -> None:
    """Point CKAN at the test stack before it starts. `make test-plugin` does so itself; this is for a bare `pytest`."""
    wants_ckan = config.pluginmanager.hasplugin("ckan") and getattr(config.option, "ckan_ini", None)
    if not wants_ckan or os.environ.get("CKAN_SQLALCHEMY_URL"):
        return
    done = subprocess.run(
        [sys.executable, "-m", "stack", "--run-dir", ".run-test", "environment", "--name", os.environ.get("WHO", "test")],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise pytest.UsageError("The test stack does not run. Start it with:  make test-services")
    for line in done.stdout.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        os.environ[name] = value


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """`../shared`, the material that the project is developed against; the test is skipped where it is not."""
    folder = PROJECT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not there")
    return folder
