"""The hall: what the plugin offers comes from its rooms, is documented and guarded."""

from __future__ import annotations

import re
from pathlib import Path

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import helpers

import ckanext.kagoshima
from ckanext.kagoshima import config
from ckanext.kagoshima.rooms import ROOMS, gather

HOME = Path(ckanext.kagoshima.__file__).parent


def test_the_hall_stays_small() -> None:
    assert len((HOME / "plugin.py").read_text("utf-8").splitlines()) < 100


def test_every_room_is_a_package_that_says_what_it_holds() -> None:
    for room in ROOMS:
        assert (HOME / room / "__init__.py").read_text("utf-8").startswith('"""'), room


def test_nothing_imports_the_plugin_module() -> None:
    for path in HOME.rglob("*.py"):
        assert "kagoshima.plugin" not in path.read_text("utf-8"), path


def test_only_config_reads_our_options() -> None:
    reading = re.compile(r"""config(\.get\(|\[)f?["']ckanext\.kagoshima""")
    for path in HOME.rglob("*.py"):
        assert not reading.search(path.read_text("utf-8")), path


@pytest.mark.usefixtures("with_plugins")
class TestOfferings:
    def test_every_action_is_documented_and_has_an_authorisation_of_its_own(self) -> None:
        guarded = set(gather("auth"))
        for name, action in gather("action").items():
            if getattr(action, "chained_action", False):
                continue  # CKAN's own, with a step before it: CKAN documents it and asks for the permission
            assert name.startswith("kagoshima_"), name
            assert action.__doc__, name
            assert name in guarded, name

    def test_the_rooms_actions_are_ckans_actions(self) -> None:
        for name in gather("action"):
            assert callable(tk.get_action(name))

    def test_defaults_of_other_plugins_are_filled_in(self) -> None:
        assert "kagoshima" in tk.config["scheming.dataset_schemas"]
        assert tk.config["licenses_group_url"].endswith("licences.json")

    def test_a_definitions_folder_that_is_not_there_is_named_at_start(self, ckan_config: dict[str, object]) -> None:
        ckan_config["ckanext.kagoshima.definitions.folders"] = ["/no/such/folder"]
        with pytest.raises(RuntimeError, match="/no/such/folder"):
            config.check()

    def test_the_plugin_is_loaded_before_those_it_overrides(self) -> None:
        order = list(p.plugins_loaded() if hasattr(p, "plugins_loaded") else tk.config["ckan.plugins"])
        assert order.index("kagoshima") < order.index("scheming_datasets")


@pytest.mark.usefixtures("with_plugins", "clean_db")
def test_the_state_for_monitoring_is_public_and_names_the_rules() -> None:
    state = helpers.call_action("kagoshima_status_show", context={"user": "", "ignore_auth": False})
    assert state["rule_set"]
    assert state["queues"].keys() == {"kagoshima", "default"}
    assert state["last_harvest"] is None
