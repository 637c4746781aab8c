"""Our DCAT profile: DCAT-AP 3 with what a Japanese prefecture's catalogue adds."""

from __future__ import annotations

from ckanext.dcat.profiles import EuropeanDCATAP3Profile


class KagoshimaProfile(EuropeanDCATAP3Profile):
    """`euro_dcat_ap_3` plus publisher, language and area of the catalogue."""
