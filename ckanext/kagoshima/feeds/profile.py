"""Our DCAT profile: ckanext-dcat's DCAT-AP 3 with what a Japanese catalogue adds and what DCAT-AP asks for as addresses.

ckanext-dcat writes format, media type, language and licence type as CKAN has them (words); DCAT-AP 3.0.1 asks for concepts of
the EU's vocabularies, a publisher of the catalogue, and one licence per distribution.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan import model
from rdflib import RDF, BNode, Literal, Namespace, URIRef

from ckanext.dcat.profiles import EuropeanDCATAP3Profile
from ckanext.kagoshima import config
from ckanext.kagoshima.resources import formats

ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"
MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"
AREA = "http://data.e-stat.go.jp/lod/sac/C"
"""e-Stat's 標準地域コード: the first five digits of a code of local governments."""
PUBLISHER_TYPE = "http://purl.org/adms/publishertype/"
_KINDS = {"prefecture": "RegionalAuthority", "municipality": "LocalAuthority", "union": "LocalAuthority"}
_LANGUAGES = {"ja": "JPN", "en": "ENG"}


class KagoshimaProfile(EuropeanDCATAP3Profile):
    """`euro_dcat_ap_3` plus publisher, language and area; words of CKAN become concepts."""

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: URIRef) -> None:
        super().graph_from_catalog(catalog_dict, catalog_ref)
        self._languages(catalog_ref)
        for page in list(self.g.objects(catalog_ref, FOAF.homepage)):
            self.g.remove((catalog_ref, FOAF.homepage, page))
            home = URIRef(str(page).rstrip("/") + "/")  # the page, not the catalogue that it shows
            self.g.add((catalog_ref, FOAF.homepage, home))
            self.g.add((home, RDF.type, FOAF.Document))
        if not any(str(text).strip() for text in self.g.objects(catalog_ref, DCT.description)):
            title = tk.config.get("ckan.site_title") or tk.config["ckan.site_url"]
            self.g.add((catalog_ref, DCT.description, Literal(title)))
        prefecture = model.Group.get(config.prefecture_code())
        if prefecture is not None:
            self.g.add((catalog_ref, DCT.publisher, self._agent(prefecture)))

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        super().graph_from_dataset(dataset_dict, dataset_ref)
        self._languages(dataset_ref)
        if not list(self.g.objects(dataset_ref, DCT.language)):
            self.g.add((dataset_ref, DCT.language, URIRef(f"{EU}language/JPN")))
        if not dataset_dict.get("notes"):
            self.g.add((dataset_ref, DCT.description, Literal(dataset_dict.get("title") or "", lang="ja")))
        for theme in self.g.objects(dataset_ref, DCAT.theme):
            self.g.add((theme, RDF.type, SKOS.Concept))
            if not list(self.g.objects(theme, SKOS.prefLabel)):
                self.g.add((theme, SKOS.prefLabel, Literal(str(theme).rsplit("/", 1)[-1])))
        for frequency in list(self.g.objects(dataset_ref, DCT.accrualPeriodicity)):
            self.g.add((frequency, RDF.type, DCT.Frequency))
        self._publisher(dataset_dict, dataset_ref)
        self._area(dataset_dict, dataset_ref)
        self._telephones(dataset_dict, dataset_ref)
        for distribution in self.g.objects(dataset_ref, DCAT.distribution):
            self._distribution(distribution)

    def _publisher(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """The organisation is the publisher unless the dataset names another."""
        if dataset_dict.get("publisher"):
            return
        organization = model.Group.get(dataset_dict.get("owner_org") or "")
        if organization is None:
            return
        for agent in list(self.g.objects(dataset_ref, DCT.publisher)):
            self.g.remove((agent, None, None))
            self.g.remove((dataset_ref, DCT.publisher, agent))
        self.g.add((dataset_ref, DCT.publisher, self._agent(organization)))

    def _agent(self, organization: Any) -> URIRef:
        """The publisher at an address made of its code, which stays when it is renamed."""
        base = (tk.config.get("ckanext.dcat.base_uri") or tk.config["ckan.site_url"]).rstrip("/")
        agent = URIRef(f"{base}/organization/{organization.name}")
        extras = organization.extras or {}
        self.g.add((agent, RDF.type, FOAF.Agent))
        self.g.add((agent, FOAF.name, Literal(organization.title, lang="ja")))
        if extras.get("municipality_code"):
            self.g.add((agent, DCT.identifier, Literal(extras["municipality_code"])))
        kind = _KINDS.get(extras.get("kind") or "")
        if kind:
            concept = URIRef(PUBLISHER_TYPE + kind)
            self.g.add((concept, RDF.type, SKOS.Concept))
            self.g.add((agent, DCT.type, concept))
        return agent

    def _area(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        code = dataset_dict.get("municipality_code") or ""
        if len(code) == 6 and not list(self.g.objects(dataset_ref, DCT.spatial)):
            area = URIRef(AREA + code[:5])
            self.g.add((area, RDF.type, DCT.Location))
            self.g.add((dataset_ref, DCT.spatial, area))

    def _telephones(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """ckanext-dcat leaves a contact's telephone out."""
        contacts = dataset_dict.get("contact") or []
        for contact in contacts if isinstance(contacts, list) else []:
            digits = "".join(char for char in str(contact.get("tel") or "") if char.isdigit() or char == "-")
            if not digits.startswith("0"):
                continue
            address = f"tel:+81-{digits[1:]}" + (f";ext={contact['ext']}" if contact.get("ext") else "")
            for point in self.g.objects(dataset_ref, DCAT.contactPoint):
                if (point, VCARD.fn, Literal(contact.get("name"))) in self.g:
                    self.g.add((point, VCARD.hasTelephone, URIRef(address)))

    def _distribution(self, distribution: Any) -> None:
        for licence in self.g.objects(distribution, DCT.license):
            self.g.remove((licence, DCT.type, URIRef("http://purl.org/adms/licencetype/UnknownIPR")))
        self._languages(distribution)
        for word in list(self.g.objects(distribution, DCT["format"])):
            if not isinstance(word, URIRef):
                self._replace(distribution, DCT["format"], word, f"{EU}file-type/{str(word).upper()}", DCT.MediaTypeOrExtent)
        for word in list(self.g.objects(distribution, DCAT.mediaType)):
            if not isinstance(word, URIRef):
                self._replace(distribution, DCAT.mediaType, word, MEDIA_TYPE + str(word), DCT.MediaType)
        if not list(self.g.objects(distribution, DCAT.downloadURL)):
            for address in self.g.objects(distribution, DCAT.accessURL):
                if formats.of(urlsplit(str(address)).path) is not None:
                    self.g.add((distribution, DCAT.downloadURL, address))

    def _languages(self, subject: Any) -> None:
        for word in list(self.g.objects(subject, DCT.language)):
            if not str(word).startswith("http"):
                code = _LANGUAGES.get(str(word).split("_")[0].split("-")[0])
                self.g.remove((subject, DCT.language, word))
                if code:
                    self.g.add((subject, DCT.language, URIRef(f"{EU}language/{code}")))
        for concept in self.g.objects(subject, DCT.language):
            if not isinstance(concept, BNode | Literal):
                self.g.add((concept, RDF.type, DCT.LinguisticSystem))

    def _replace(self, subject: Any, predicate: URIRef, old: Any, new: str, type_: URIRef) -> None:
        concept = URIRef(new.replace(" ", "_"))
        self.g.remove((subject, predicate, old))
        self.g.add((subject, predicate, concept))
        self.g.add((concept, RDF.type, type_))
