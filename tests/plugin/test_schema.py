"""The form: names, codes, licences, labels in two languages, and nothing lost on the way."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import yaml
from catalogue_town import GOOD, context, dataset, publisher, sites, upload
from ckan import model
from ckan.tests import factories, helpers

import ckanext.kagoshima
from recommended_datasets import licence

SCHEMAS = Path(ckanext.kagoshima.__file__).parent / "schemas"


def fields(name: str) -> list[dict[str, Any]]:
    schema = yaml.safe_load((SCHEMAS / name).read_text("utf-8"))
    return [*schema.get("dataset_fields", []), *schema.get("resource_fields", []), *schema.get("fields", [])]


@pytest.mark.parametrize("name", ["dataset.yaml", "organization.yaml"])
def test_every_label_help_and_choice_is_in_japanese_and_english(name: str) -> None:
    def check(field: dict[str, Any]) -> None:
        for key in ("label", "help_text"):
            text = field.get(key)
            if text is not None and text != "URI" and text != "URL":
                assert isinstance(text, dict) and text["ja"] and text["en"], (field["field_name"], key)
        for choice in field.get("choices", []):
            assert choice["label"]["ja"] and choice["label"]["en"], field["field_name"]
        for inner in field.get("repeating_subfields", []):
            check(inner)

    for field in fields(name):
        check(field)


def test_the_licences_of_the_form_are_those_of_the_core_and_not_stated() -> None:
    known = {one["id"]: one for one in json.loads((SCHEMAS / "licences.json").read_text("utf-8"))}
    assert set(known) == {one.id for one in licence.licences()} | {licence.NOT_STATED}
    for one in licence.licences():
        assert known[one.id]["url"] == one.url
        assert (known[one.id]["od_conformance"] == "approved") == one.merges


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
class TestDatasets:
    def test_a_dataset_without_a_name_is_called_after_publisher_and_standard(self) -> None:
        publisher("462012")
        package = dataset("462012")
        assert package["name"] == "462012-evacuation-space"
        assert package["municipality_code"] == "462012"

    def test_data_of_no_standard_never_gets_a_name_from_its_japanese_title(self) -> None:
        publisher("462012")
        package = dataset("462012", title="令和6年度予算", recommended_dataset="")
        assert package["name"].startswith("462012-") and package["name"].isascii()

    @pytest.mark.parametrize("code, kept", [("462012", "462012"), ("46201", "462012")])
    def test_a_code_gets_its_check_digit(self, code: str, kept: str) -> None:
        publisher("462012")
        assert dataset("462012", municipality_code=code)["municipality_code"] == kept

    def test_a_wrong_check_digit_is_refused(self) -> None:
        publisher("462012")
        with pytest.raises(tk.ValidationError) as refused:
            dataset("462012", municipality_code="462013")
        assert "462013" in str(refused.value.error_dict["municipality_code"])

    @pytest.mark.parametrize("date", ["2026-13-01", "令和8年", "2026/04/01"])
    def test_a_date_that_does_not_exist_is_refused(self, date: str) -> None:
        publisher("462012")
        with pytest.raises(tk.ValidationError) as refused:
            dataset("462012", reference_date=date)
        assert "reference_date" in refused.value.error_dict

    def test_what_is_written_comes_back(self) -> None:
        publisher("462012")
        written = {
            "contact": [{"name": "総務課", "tel": "099-000-0000", "ext": "12"}],
            "theme": ["http://publications.europa.eu/resource/authority/data-theme/SOCI"],
            "temporal_coverage": [{"start": "2026-04-01", "end": "2026-04-30"}],
            "frequency": "http://publications.europa.eu/resource/authority/frequency/MONTHLY",
            "reference_date": "2026-04-01",
            "last_confirmed": "2026-10",
            "subtitle": "見本",
        }
        found = helpers.call_action("package_show", id=dataset("462012", **written)["id"])
        assert {key: found[key] for key in written} == written

    def test_parts_and_periods_stay_with_their_files(self) -> None:
        publisher("462225")
        package = dataset("462225")
        for part in ("笠利", "住用", "名瀬"):
            upload(package["id"], sites(), f"{part}.csv", part=part, period="2026-04")
        found = helpers.call_action("package_show", id=package["id"])["resources"]
        assert [(one["part"], one["period"]) for one in found] == [(part, "2026-04") for part in ("笠利", "住用", "名瀬")]

    def test_a_file_with_a_japanese_name_keeps_format_media_type_and_title(self) -> None:
        publisher("462012")
        resource = upload(dataset("462012")["id"], sites(), "指定緊急避難場所一覧.csv")
        assert (resource["format"], resource["mimetype"]) == ("CSV", "text/csv")
        assert resource["name"] == "指定緊急避難場所一覧"
        assert resource["url"].endswith("/data.csv")

    def test_the_web_form_carries_the_verdict_along(self, app: Any) -> None:
        publisher("462012")
        resource = upload(dataset("462012")["id"], sites())
        from ckanext.kagoshima.checking import jobs

        jobs.check_resource(resource["id"])
        admin = factories.SysadminWithToken()
        address = f"/dataset/462012-evacuation-space/resource/{resource['id']}/edit"
        page = app.get(address, headers={"Authorization": admin["token"]}).get_data(as_text=True)
        for name in ("hash", "validation_status", "row_count", "encoding"):
            assert f'name="{name}"' in page, name

    def test_nobody_declares_a_file_faultless_but_the_check(self) -> None:
        from ckanext.kagoshima.checking import jobs

        publisher("462012")
        resource = upload(dataset("462012")["id"], sites([*GOOD, "6,見本公園6,見本町6,北,130.5,462012,1,"]))
        jobs.check_resource(resource["id"])
        clerk = factories.User()
        helpers.call_action("organization_member_create", context=context(), id="462012", username=clerk["name"], role="admin")
        own = {"user": clerk["name"], "ignore_auth": False}
        helpers.call_action("resource_patch", context=own, id=resource["id"], validation_status="success", row_count=9, name="一覧")
        kept = helpers.call_action("resource_show", context=context(), id=resource["id"])
        assert (kept["name"], kept["validation_status"], kept["row_count"]) == ("一覧", "failure", 6)
        made = helpers.call_action(
            "resource_create", context=dict(own), package_id=resource["package_id"], url="https://example.lg.jp/a.csv",
            validation_status="success",
        )  # fmt: skip
        assert not made.get("validation_status")

    def test_a_new_file_does_not_keep_the_old_files_hash(self) -> None:
        publisher("462012")
        resource = upload(dataset("462012")["id"], sites(), hash="0" * 64, validation_status="success")
        assert not resource.get("hash") and not resource.get("validation_status")
        from werkzeug.datastructures import FileStorage

        file = FileStorage(io.BytesIO(sites()), "x.csv")
        patched = helpers.call_action("resource_patch", context=context(), id=resource["id"], upload=file, hash="1" * 64)
        assert not patched.get("hash")
        assert model.Resource.get(resource["id"]).url_type == "upload"
