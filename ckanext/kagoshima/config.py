"""The options of `config_declaration.yaml`, typed. Nothing else reads ``ckanext.kagoshima.*``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig

PREFIX = "ckanext.kagoshima."
QUEUE = "kagoshima"
"""The background queue of checks and merges: ``ckan jobs worker kagoshima default``."""
NOT_STATED = "notspecified"
"""The licence id of a file whose publisher states none (ライセンス未確認)."""


def prefecture_code() -> str:
    return tk.config[PREFIX + "prefecture.code"]


def definition_folders() -> tuple[Path, ...]:
    return tuple(Path(folder) for folder in tk.config[PREFIX + "definitions.folders"])


def check_max_bytes() -> int:
    return tk.config[PREFIX + "check.max_bytes"]


def boundaries() -> Path | None:
    path = tk.config[PREFIX + "check.boundaries"]
    return Path(path) if path else None


def public_storage() -> str:
    return tk.config[PREFIX + "public.storage"]


def changes_retention() -> int:
    """Days; 0 for good."""
    return tk.config[PREFIX + "changes.retention_days"]


def rows_rate_limit() -> int:
    return tk.config[PREFIX + "rows.rate_limit"]


def archive_storage() -> str:
    return tk.config[PREFIX + "harvest.archive_storage"]


def harvest(name: str) -> Any:
    """An option of the group ``harvest``, in the type that it is declared with."""
    return tk.config[f"{PREFIX}harvest.{name}"]


_LICENCES = Path(__file__).parent / "schemas" / "licences.json"
_DEFAULTS = {
    "scheming.dataset_schemas": "ckanext.kagoshima:schemas/dataset.yaml",
    "scheming.organization_schemas": "ckanext.kagoshima:schemas/organization.yaml",
    "scheming.presets": (
        "ckanext.scheming:presets.json ckanext.dcat.schemas:presets.yaml ckanext.kagoshima:schemas/presets.yaml"
    ),
    "scheming.dataset_fallback": "true",
    "licenses_group_url": f"file://{_LICENCES.resolve()}",
}


def set_defaults(config: CKANConfig) -> None:
    """What the plugin needs of other plugins and of CKAN, where the administrator has said nothing else."""
    for key, value in _DEFAULTS.items():
        if not config.get(key):
            config[key] = value


def check() -> None:
    """Say at start-up what would fail later.

    :raises RuntimeError: an option names something that is not there.
    """
    for folder in definition_folders():
        if not folder.is_dir():
            raise RuntimeError(f"{PREFIX}definitions.folders: {folder} がありません / no such folder: {folder}")
