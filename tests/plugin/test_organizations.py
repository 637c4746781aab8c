"""Publishers' organisations from the list, once and for all, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from catalogue_town import context
from ckan import model
from ckan.tests import factories, helpers

from ckanext.kagoshima import config
from ckanext.kagoshima.organizations.sync import sync
from recommended_datasets import municipality

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def some() -> list[municipality.Municipality]:
    """The prefecture and three of its municipalities."""
    return [one for one in municipality.load() if one.code in ("460001", "462012", "462187", "463035")]


def show(code: str) -> dict[str, Any]:
    return helpers.call_action("organization_show", id=code)


def test_the_command_makes_an_organisation_of_every_publisher_and_a_second_run_writes_nothing(cli: Any) -> None:
    from ckan.cli.cli import ckan

    first = cli.invoke(ckan, ["kagoshima", "organizations", "sync"])
    assert first.exit_code == 0, first.output
    names = {group.name for group in model.Session.query(model.Group).filter_by(is_organization=True)}
    assert names == {one.code for one in municipality.load()}
    before = {group.name: group.extras for group in model.Session.query(model.Group)}
    second = cli.invoke(ckan, ["kagoshima", "organizations", "sync"])
    assert "0 created, 0 updated" in second.output
    assert {group.name: group.extras for group in model.Session.query(model.Group)} == before


def test_the_prefecture_is_the_parent_and_facts_of_the_list_are_fields() -> None:
    sync(some())
    city = show("462012")
    assert [parent["name"] for parent in city["groups"]] == ["460001"]
    assert (city["title"], city["region"], city["kana"]) == ("鹿児島市", "鹿児島地域", "カゴシマシ")
    assert city["kind"] == "municipality"
    assert "桜島町" in city["former_names"]


def test_what_staff_changed_survives_and_the_rest_follows_the_list() -> None:
    sync(some())
    helpers.call_action("organization_patch", context=context(), id="462012", title="鹿児島市役所", email="a@example.lg.jp")
    newer = [replace(one, url="https://new.example.lg.jp/", kana="シンシイ") for one in some()]
    result = sync(newer)
    city = show("462012")
    assert (city["title"], city["email"]) == ("鹿児島市役所", "a@example.lg.jp")
    assert (city["url"], city["kana"]) == ("https://new.example.lg.jp/", "シンシイ")
    assert result.updated == ["460001", "462012", "462187", "463035"]
    assert sync(newer).unchanged == ["460001", "462012", "462187", "463035"]


def test_members_of_an_organisation_stay_when_it_is_brought_up_to_date() -> None:
    sync(some())
    clerk = factories.User()
    helpers.call_action("organization_member_create", context=context(), id="462012", username=clerk["name"], role="admin")
    sync([replace(one, url="https://new.example.lg.jp/") for one in some()])
    assert clerk["name"] in {user["name"] for user in show("462012")["users"]}


LIST = "code,name,kana,kind\n468013,見本組合,ミホンクミアイ,union\n468029,例示組合,レイジクミアイ,union\n"


def test_a_wrong_check_digit_is_named_with_file_line_and_column_and_the_others_go_on(
    cli: Any, ckan_config: dict[str, Any], tmp_path: Path
) -> None:
    from ckan.cli.cli import ckan

    (tmp_path / "publishers.csv").write_text(LIST, "utf-8")
    ckan_config["ckanext.kagoshima.definitions.folders"] = [str(tmp_path)]
    assert config.definition_folders() == (tmp_path,)
    refused = cli.invoke(ckan, ["kagoshima", "organizations", "sync"])
    assert refused.exit_code != 0
    for word in ("publishers.csv", "2行目", "line 2", "code", "468013"):
        assert word in refused.output
    names = {group.name for group in model.Session.query(model.Group)}
    assert names == {one.code for one in municipality.load()} | {"468029"}


class TestPermissions:
    @pytest.fixture
    def people(self) -> dict[str, str]:
        sync(some())
        found = {}
        for name, code in (("clerk", "462012"), ("officer", "460001")):
            found[name] = factories.User(name=name)["name"]
            helpers.call_action("organization_member_create", context=context(), id=code, username=name, role="admin")
        return found

    @pytest.mark.parametrize("who, code, may", [
        ("clerk", "462012", True),
        ("clerk", "462187", False),
        ("clerk", "460001", False),
        ("officer", "462012", True),
        ("officer", "460001", True),
    ])  # fmt: skip
    def test_a_municipality_manages_its_own_data_and_the_prefecture_everybodys(
        self, people: dict[str, str], who: str, code: str, may: bool
    ) -> None:
        def create() -> None:
            helpers.call_auth("package_create", {"user": people[who], "model": model}, owner_org=code)

        if may:
            create()
        else:
            with pytest.raises(tk.NotAuthorized):
                create()

    def test_nobody_makes_publishers_by_hand(self, people: dict[str, str]) -> None:
        with pytest.raises(tk.NotAuthorized):
            helpers.call_auth("organization_create", {"user": people["clerk"], "model": model})
