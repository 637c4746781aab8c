"""The built wheel ships every file that the code reads, and its core works where there is no CKAN."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

DATA = {".yaml", ".yml", ".csv", ".html", ".css", ".js", ".mo", ".po", ".ini", ".mako", ".json", ".svg", ".png", ".txt"}


@pytest.fixture(scope="module")
def source(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as somebody would have it, so that building leaves nothing in the project's own folder."""
    copy = tmp_path_factory.mktemp("source") / "project"
    copy.mkdir()
    for name in ("recommended_datasets", "ckanext", "schemas", "migrations"):
        shutil.copytree(project / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "CHANGELOG.md"):
        if (project / name).exists():
            shutil.copy(project / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new virtual environment that has the wheel and what it depends on, nothing else."""
    venv = tmp_path_factory.mktemp("clean") / "venv"
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(venv)], check=True)
    done = subprocess.run([uv, "pip", "install", "-q", "--python", venv / "bin/python", wheel], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return venv / "bin"


def _inside(environment: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "CKAN"))}
    return subprocess.run(
        [environment / command[0], *command[1:]],
        cwd=folder, env={**clean, "LC_ALL": "C.UTF-8"}, text=True, capture_output=True,
    )


def test_every_file_that_the_code_reads_is_in_the_wheel(source: Path, wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    wanted = set()
    for package in ("recommended_datasets", "ckanext/kagoshima"):
        for folder, _, files in os.walk(source / package, followlinks=True):
            relative = Path(folder).relative_to(source)
            wanted |= {(relative / name).as_posix() for name in files if Path(name).suffix in DATA | {".py"}}
    assert wanted - shipped == set()
    for example in (
        "recommended_datasets/definitions/standard/aed.yaml",
        "ckanext/kagoshima/schemas/dataset.yaml",
        "ckanext/kagoshima/migration/kagoshima/env.py",
        "ckanext/kagoshima/migration/kagoshima/alembic.ini",
    ):
        assert example in shipped


def test_every_translation_is_compiled(source: Path) -> None:
    sources = list((source / "ckanext/kagoshima/i18n").rglob("*.po"))
    assert sources
    assert [po for po in sources if not po.with_suffix(".mo").exists()] == []


def test_the_wheel_holds_neither_tests_nor_the_stack_nor_another_ckanext(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.startswith(("tests/", "stack/", "examples/", "benchmarks/"))] == []
    assert "ckanext/__init__.py" not in names


def test_the_core_works_without_ckan(clean_environment: Path, tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util, recommended_datasets, recommended_datasets.cli;"
        "assert importlib.util.find_spec('ckan') is None;"
        "print([name for name in sys.modules if name.split('.')[0] in ('ckan', 'flask', 'sqlalchemy')])"
    )
    done = _inside(clean_environment, tmp_path, "python", "-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_command_judges_a_file(clean_environment: Path, tmp_path: Path) -> None:
    file = tmp_path / "aed.csv"
    file.write_bytes("市区町村コード,名称,住所\r\n462012,市役所,鹿児島市山下町11-1\r\n".encode("cp932"))
    listed = _inside(clean_environment, tmp_path, "recommended-datasets", "list")
    assert listed.returncode == 0 and "aed" in listed.stdout, listed.stderr
    checked = _inside(clean_environment, tmp_path, "recommended-datasets", "check", str(file), "--dataset", "aed")
    assert checked.returncode in (0, 1) and "Traceback" not in checked.stderr, checked.stderr
