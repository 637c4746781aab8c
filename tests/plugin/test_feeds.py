"""The catalogue and its datasets as DCAT-AP 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from catalogue_town import dataset, publisher, sites, upload
from rdflib import RDF, Graph, Namespace, URIRef

from ckanext.kagoshima.checking import jobs

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"


@pytest.fixture
def town(with_plugins: None, clean_db: None, clean_index: None) -> None:
    publisher("460001")
    publisher("462012", parent="460001")
    package = dataset(
        "462012", notes="指定緊急避難場所", frequency=f"{EU}frequency/ANNUAL", theme=[f"{EU}data-theme/JUST"],
        contact=[{"name": "危機管理課", "tel": "099-000-0000"}], tags=[{"name": "防災"}],
    )  # fmt: skip
    jobs.check_resource(upload(package["id"], sites())["id"])
    dataset("462012", title="未確認", recommended_dataset="", name="462012-unknown", license_id="notspecified")


def graph(app: Any, path: str) -> Graph:
    return Graph().parse(data=app.get(path).get_data(as_text=True), format="turtle")


@pytest.mark.usefixtures("town")
def test_the_catalogue_names_publisher_language_and_datasets(app: Any) -> None:
    found = graph(app, "/catalog.ttl")
    catalogue = found.value(predicate=RDF.type, object=DCAT.Catalog)
    assert str(found.value(catalogue, DCT.publisher)).endswith("/organization/460001")
    assert found.value(catalogue, DCT.language) == URIRef(f"{EU}language/JPN")
    assert len(list(found.objects(catalogue, DCAT.dataset))) == 2


@pytest.mark.usefixtures("town")
def test_a_dataset_speaks_in_concepts(app: Any) -> None:
    found = graph(app, "/dataset/462012-evacuation-space.ttl")
    one = found.value(predicate=RDF.type, object=DCAT.Dataset)
    agent = found.value(one, DCT.publisher)
    assert str(agent).endswith("/organization/462012")
    assert str(found.value(agent, FOAF.name)) == "鹿児島市"
    assert found.value(one, DCT.accrualPeriodicity) == URIRef(f"{EU}frequency/ANNUAL")
    assert found.value(one, DCT.spatial) == URIRef("http://data.e-stat.go.jp/lod/sac/C46201")
    assert found.value(found.value(one, DCAT.contactPoint), VCARD.hasTelephone) == URIRef("tel:+81-99-000-0000")
    file = found.value(one, DCAT.distribution)
    assert found.value(file, DCT["format"]) == URIRef(f"{EU}file-type/CSV")
    assert found.value(file, DCAT.mediaType) == URIRef("https://www.iana.org/assignments/media-types/text/csv")
    assert found.value(file, DCT.license) == URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert found.value(file, DCAT.downloadURL) is not None


@pytest.mark.usefixtures("town")
def test_a_licence_that_nobody_stated_is_not_given(app: Any) -> None:
    assert not list(graph(app, "/dataset/462012-unknown.ttl").triples((None, DCT.license, None)))


@pytest.mark.usefixtures("town")
def test_the_catalogue_conforms_to_dcat_ap(app: Any, shared: Path) -> None:
    from pyshacl import validate

    folder = shared / "shacl"
    data = graph(app, "/catalog.ttl")
    for vocabulary in ("vocab_stub.ttl", "vocab_stub2.ttl"):
        data.parse(folder / vocabulary, format="turtle")
    conforms, _, text = validate(
        data, shacl_graph=Graph().parse(folder / "shapes.ttl"), ont_graph=Graph().parse(folder / "dcat3.ttl"),
        inference="none", do_owl_imports=False,
    )  # fmt: skip
    assert conforms, text
