"""What CKAN asks of a plugin; everything else is in the rooms (see `rooms`)."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import types
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation

from ckanext.kagoshima import config, helpers, subscriptions
from ckanext.kagoshima.cli import kagoshima
from ckanext.kagoshima.resources import uploads
from ckanext.kagoshima.rooms import gather
from ckanext.kagoshima.search import facets, index, query


def _actions() -> dict[str, Any]:
    return gather("action")


def _auth() -> dict[str, Any]:
    return gather("auth")


def _validators() -> dict[str, Any]:
    return gather("validators")


def _blueprints() -> list[Any]:
    return list(gather("views").values())


@tk.blanket.actions(_actions)
@tk.blanket.auth_functions(_auth)
@tk.blanket.validators(_validators)
@tk.blanket.helpers(helpers)
@tk.blanket.blueprints(_blueprints)
@tk.blanket.cli([kagoshima])
@tk.blanket.config_declarations
class KagoshimaPlugin(p.SingletonPlugin, DefaultTranslation):
    p.implements(p.IConfigurer)
    p.implements(p.IConfigurable)
    p.implements(p.ITranslation)
    p.implements(p.ISignal)
    p.implements(p.IFacets, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IResourceController, inherit=True)

    def update_config(self, config_: CKANConfig) -> None:
        tk.requires_ckan_version("2.12")
        tk.add_template_directory(config_, "templates")
        tk.add_resource("assets", "kagoshima")
        config.set_defaults(config_)

    def configure(self, config_: CKANConfig) -> None:
        config.check()

    def get_signal_subscriptions(self) -> types.SignalMapping:
        return subscriptions.get_subscriptions()

    def dataset_facets(self, facets_dict: dict[str, Any], package_type: str) -> dict[str, Any]:
        return facets.dataset(facets_dict)

    def organization_facets(
        self, facets_dict: dict[str, Any], organization_type: str, package_type: str | None
    ) -> dict[str, Any]:
        return facets.organization(facets_dict)

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        return index.document(pkg_dict)

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        return query.parameters(search_params)

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        return facets.labelled(search_results)

    def before_resource_create(self, context: types.Context, resource: dict[str, Any]) -> None:
        uploads.prepare(resource)

    def before_resource_update(
        self, context: types.Context, current: dict[str, Any], resource: dict[str, Any]
    ) -> None:
        uploads.prepare(resource)
