"""The document of a dataset in Solr: what people search by and narrow down by, in plain words.

scheming stores lists as JSON, in which Japanese is ``\\uXXXX`` and cannot be found; ckanext-dcat flattens composite fields, we
do the lists. Words that a title does not hold (kana, former municipalities, the standard's name) are added.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from ckan import model

from ckanext.kagoshima.checking import catalogue

_LISTS = ("theme", "language", "conforms_to", "documentation")
_NO_WORDS = (
    *(f"extras_{name}" for name in ("merged", "uri", "edition", "frequency", "theme")),
    *(f"res_extras_{name}" for name in ("hash", "hash_algorithm", "rule_set", "validation_status", "encoding", "mimetype")),
)
"""Codes and hashes: CKAN indexes them as text, where they would be found by accident."""
_KATAKANA = range(0x30A1, 0x30F7)


def document(pkg_dict: dict[str, Any]) -> dict[str, Any]:
    """The dataset's document with our fields: `region`, `publisher_kind`, `recommended_dataset`, `vocab_validation_status`
    (multi-valued) to narrow down by; `extras_publisher_words` and `extras_standard_words` to find by."""
    for name in _LISTS:
        _as_text(pkg_dict, name)
    for key in _NO_WORDS:
        pkg_dict.pop(key, None)
    organization: Any = model.Group.get(pkg_dict.get("owner_org") or "")
    if organization is not None:
        extras = organization.extras or {}
        pkg_dict["region"] = extras.get("region") or None
        pkg_dict["publisher_kind"] = extras.get("kind") or None
        pkg_dict["extras_publisher_words"] = " ".join(_publisher_words(organization.title, extras))
        pkg_dict["publisher_title"] = organization.title
    dataset = pkg_dict.get("recommended_dataset")
    if dataset:
        pkg_dict["extras_standard_words"] = " ".join(_standard_words(dataset))
    statuses = _statuses(pkg_dict)
    if statuses:
        pkg_dict["vocab_validation_status"] = statuses
    return {key: value for key, value in pkg_dict.items() if value is not None}


def _as_text(pkg_dict: dict[str, Any], name: str) -> None:
    for key in (name, f"extras_{name}"):
        value = pkg_dict.get(key)
        if isinstance(value, str) and value.startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                continue
        if isinstance(value, list):
            pkg_dict[key] = " ".join(str(one) for one in value)


def _publisher_words(title: str, extras: dict[str, Any]) -> list[str]:
    kana = str(extras.get("kana") or "")
    words = [title, kana, hiragana(kana)]
    words += [str(extras.get(name) or "") for name in ("region", "former_names", "islands")]
    return [word for word in words if word]


def _standard_words(dataset: str) -> list[str]:
    try:
        return list(catalogue.load().summary(dataset).title.values())
    except KeyError:
        return []


def _statuses(pkg_dict: dict[str, Any]) -> list[str]:
    try:
        resources = json.loads(pkg_dict.get("validated_data_dict") or pkg_dict.get("data_dict") or "{}").get("resources", [])
    except ValueError:
        return []
    return sorted({resource["validation_status"] for resource in resources if resource.get("validation_status")})


def hiragana(text: str) -> str:
    """`text` with katakana, also of half width, as hiragana."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(char) - 0x60) if ord(char) in _KATAKANA else char for char in folded)
