"""Our Solr schema is CKAN's with other analyzers: nothing that CKAN asks for is missing."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from stack.search_server import SOURCE
from stack.settings import Stack, load


def _parts(file: Path) -> dict[str, set[tuple[tuple[str, str], ...]]]:
    root = ElementTree.parse(file).getroot()
    return {
        kind: {tuple(sorted(element.attrib.items())) for element in root.iter(kind)}
        for kind in ("field", "dynamicField", "copyField")
    } | {"types": {(("name", element.attrib["name"]),) for tag in ("fieldType", "fieldtype") for element in root.iter(tag)}}


def _stock() -> Path:
    stack: Stack = load(".run-test", free_ports=True)
    return next(stack.venv.glob("lib/python*/site-packages/ckan/config/solr/schema.xml"))


def test_every_field_type_and_copy_of_ckans_schema_is_in_ours() -> None:
    ours, stock = _parts(SOURCE / "configset" / "schema.xml"), _parts(_stock())
    assert {kind: stock[kind] - ours[kind] for kind in stock} == {kind: set() for kind in stock}


def test_the_schema_has_the_name_that_ckan_checks() -> None:
    names = {ElementTree.parse(file).getroot().attrib["name"] for file in (SOURCE / "configset" / "schema.xml", _stock())}
    assert names == {"ckan-2.12"}
