"""A save leads to one check; the same bytes get the same verdict by every route."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from catalogue_town import GOOD, context, dataset, publisher, sites, upload
from ckan.tests import helpers
from click.testing import CliRunner
from werkzeug.datastructures import FileStorage

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import jobs, reports
from ckanext.kagoshima.checking.cli import validate
from ckanext.kagoshima.checking.model import StoredReport
from recommended_datasets.checking import check_bytes

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "clean_queues")

BAD = [*GOOD[:3], "4,見本館,見本町4,緯度不明,130.5,462012,1,", "5,,,,,462012,,"]


def waiting() -> list[str]:
    """Ids of the resources whose check is queued."""
    return [job.args[0] for job in _queue() if job.func_name.endswith("check_resource")]


def _queue() -> Any:
    from ckan.lib import jobs as ckan_jobs

    return ckan_jobs.get_queue(config.QUEUE).jobs


@pytest.fixture
def resource() -> dict[str, Any]:
    publisher("462012")
    return upload(dataset("462012")["id"], sites(BAD))


def test_an_upload_queues_its_check_and_the_check_writes_report_and_status(resource: dict[str, Any]) -> None:
    assert waiting() == [resource["id"]]
    assert jobs.check_resource(resource["id"]) == "failure"
    row = StoredReport.of(resource["id"])
    assert row is not None
    assert (row.dataset, row.row_count, row.status) == ("evacuation_space", 5, "failure")
    shown = helpers.call_action("resource_show", id=resource["id"])
    assert (shown["validation_status"], shown["row_count"], shown["encoding"]) == ("failure", 5, "utf-8-sig")
    assert shown["hash"] == row.sha256


def test_the_same_bytes_under_the_same_rules_are_checked_once(resource: dict[str, Any]) -> None:
    jobs.check_resource(resource["id"])
    helpers.call_action("job_clear", context=context())
    checked = StoredReport.of(resource["id"]).checked
    assert jobs.check_resource(resource["id"]) == "failure"
    assert StoredReport.of(resource["id"]).checked == checked
    helpers.call_action("package_patch", context=context(), id=resource["package_id"], title="新しい名称")
    assert waiting() == []


def test_a_new_file_is_checked_again(resource: dict[str, Any]) -> None:
    jobs.check_resource(resource["id"])
    helpers.call_action("job_clear", context=context())
    file = FileStorage(io.BytesIO(sites()), "462012_evacuation_space.csv")
    helpers.call_action("resource_patch", context=context(), id=resource["id"], upload=file)
    assert waiting() == [resource["id"]]
    assert StoredReport.of(resource["id"]).accepted_count == 4
    jobs.check_resource(resource["id"])
    assert StoredReport.of(resource["id"]).accepted_count == 5


def test_a_new_rule_set_makes_every_report_stale(resource: dict[str, Any]) -> None:
    from ckan import model

    jobs.check_resource(resource["id"])
    assert not jobs.is_stale(model.Resource.get(resource["id"]))
    StoredReport.of(resource["id"]).rule_set = "older"
    model.Session.commit()
    assert jobs.is_stale(model.Resource.get(resource["id"]))


def test_a_report_stored_beforehand_spares_the_check() -> None:
    from ckan import model

    publisher("462012")
    data = sites()
    report = check_bytes(data, name="x.csv", municipality_code="462012").report
    sha256 = report.sha256
    reports.store("11111111-1111-4111-8111-111111111111", "p", report, sha256=sha256)
    model.Session.commit()
    resource = {
        "id": "11111111-1111-4111-8111-111111111111", "url": "x.csv", "url_type": "upload", "format": "CSV",
        **reports.status_fields(report, sha256=sha256),
    }  # fmt: skip
    dataset("462012", resources=[resource])
    assert waiting() == []


def test_a_pdf_is_nobodys_table() -> None:
    publisher("462012")
    resource = upload(dataset("462012", recommended_dataset="")["id"], b"%PDF-1.4 ...", "budget.pdf")
    assert waiting() == []
    assert jobs.check_resource(resource["id"]) == "none"
    assert StoredReport.of(resource["id"]) is None


def test_a_stored_report_comes_back_as_it_was() -> None:
    report = check_bytes(sites(BAD), name="x.csv", municipality_code="462012").report
    back = reports.from_json(json.loads(json.dumps(reports.to_json(report))))
    assert (back.issues, back.issue_counts, back.columns) == (report.issues, report.issue_counts, report.columns)


def test_command_line_action_page_and_upload_give_the_same_verdict(
    app: Any, resource: dict[str, Any], tmp_path: Path, project: Path
) -> None:
    path = tmp_path / "462012_evacuation_space.csv"
    path.write_bytes(sites(BAD))
    command = [sys.executable, "-m", "recommended_datasets", "check", str(path), "--format", "json", "--municipality", "462012"]
    line = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=project)
    by_line = json.loads(line.stdout)
    file = FileStorage(io.BytesIO(sites(BAD)), path.name)
    by_action = helpers.call_action(
        "kagoshima_check", context={"user": "", "ignore_auth": False}, upload=file, municipality_code="462012", lang="ja"
    )
    jobs.check_resource(resource["id"])
    by_upload = helpers.call_action("kagoshima_report_show", id=resource["id"], lang="ja")
    for key in by_line:
        assert by_action[key] == by_line[key], key
        assert by_upload[key] == by_line[key], key
    data = {"upload": (io.BytesIO(sites(BAD)), path.name), "municipality_code": "462012"}
    page = app.post("/check", data=data, content_type="multipart/form-data").get_data(as_text=True)
    assert by_line["summary"] in page
    assert "緯度不明" in page


@pytest.mark.parametrize("form, said", [
    ({}, "ファイルを選ぶか"),
    ({"upload": (io.BytesIO(b""), "x.csv")}, "空です"),
    ({"url": "http://127.0.0.1:1/x.csv"}, "読み取れません"),
    ({"url": "file:///etc/passwd"}, "読み取れません"),
])  # fmt: skip
def test_what_cannot_be_checked_is_said_in_plain_words(app: Any, form: dict[str, Any], said: str) -> None:
    page = app.post("/check", data=form, content_type="multipart/form-data")
    assert page.status_code == 200
    assert said in page.get_data(as_text=True)
    assert "Traceback" not in page.get_data(as_text=True)


def test_a_file_that_is_too_large_is_refused(ckan_config: dict[str, Any]) -> None:
    ckan_config["ckanext.kagoshima.check.max_bytes"] = 10
    with pytest.raises(tk.ValidationError):
        helpers.call_action("kagoshima_check", upload=FileStorage(io.BytesIO(sites()), "x.csv"))


def test_the_report_of_a_private_dataset_is_not_public() -> None:
    publisher("462012")
    resource = upload(dataset("462012", private=True)["id"], sites())
    jobs.check_resource(resource["id"])
    with pytest.raises(tk.NotAuthorized):
        helpers.call_action("kagoshima_report_show", context={"user": "", "ignore_auth": False}, id=resource["id"])


def test_validate_checks_all_files_and_names_one_that_is_not_there(resource: dict[str, Any]) -> None:
    # Not through CKAN's own runner: it makes a new application, and a storage in memory is then empty.
    assert "failure 1" in CliRunner().invoke(validate).output
    missing = CliRunner().invoke(validate, ["no-such"])
    assert missing.exit_code != 0 and "no such resource" in missing.output
