"""Pages of the standards, of the check and of reports."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima.checking import judge, pages, reports
from ckanext.kagoshima.checking.model import StoredReport
from recommended_datasets.report import render

__all__ = ["kagoshima_checking"]

kagoshima_checking = Blueprint("kagoshima_checking", __name__)


@kagoshima_checking.route("/standards")
def standards() -> str:
    """The recommended datasets."""
    return tk.render(
        "kagoshima/checking/standards.html", {"standards": tk.get_action("kagoshima_definition_list")({}, {})}
    )


@kagoshima_checking.route("/standards/<id>")
def standard(id: str) -> str:
    """One recommended dataset in one edition: its columns."""
    try:
        definition = tk.get_action("kagoshima_definition_show")({}, {"id": id, "edition": tk.request.args.get("edition")})
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    return tk.render("kagoshima/checking/standard.html", {"definition": definition})


@kagoshima_checking.route("/check", methods=["GET", "POST"])
def check() -> str | Response:
    """Judge a file without publishing or keeping anything."""
    choices = {
        "standards": tk.get_action("kagoshima_definition_list")({}, {}),
        "publishers": _publishers(),
        "data": {},
        "errors": {},
        "report": None,
    }
    if tk.request.method == "GET":
        return tk.render("kagoshima/checking/check.html", choices)
    data: dict[str, Any] = {**tk.request.form.to_dict(), "upload": tk.request.files.get("upload")}
    lang = judge.language()
    try:
        tk.check_access("kagoshima_check", {"user": tk.current_user.name}, data)
        content, name = judge.received(data)
    except tk.ValidationError as error:
        return tk.render("kagoshima/checking/check.html", {**choices, "data": data, "errors": error.error_dict})
    checked = judge.judge(
        content,
        name,
        dataset=data.get("dataset") or None,
        municipality_code=data.get("municipality_code") or None,
    )
    format_ = data.get("format")
    if format_ in ("csv", "json", "html"):
        return _file(render(checked.report, format_, lang, table=checked.table, name=name), format_, "report")
    return tk.render(
        "kagoshima/checking/check.html",
        {**choices, "data": data, "report": pages.view(checked.report, lang), "name": name},
    )


@kagoshima_checking.route("/dataset/<id>/resource/<resource_id>/report")
def report(id: str, resource_id: str) -> str | Response:
    """The report of a resource's file, also as CSV, JSON or a page to keep (``?format=``)."""
    context: Any = {"user": tk.current_user.name}
    try:
        package = tk.get_action("package_show")(context, {"id": id})
        tk.check_access("kagoshima_report_show", context, {"id": resource_id})
        resource = next(one for one in package["resources"] if one["id"] == resource_id)
    except (tk.ObjectNotFound, tk.NotAuthorized, StopIteration):
        return tk.abort(404, tk._("Resource not found"))
    row = StoredReport.of(resource_id)
    if row is None:
        return tk.abort(404, tk._("This file has not been checked."))
    found = reports.from_json(row.report)
    lang = judge.language()
    format_ = tk.request.args.get("format")
    if format_ in ("csv", "json", "html"):
        return _file(render(found, format_, lang, name=resource["name"]), format_, f"{package['name']}-report")
    return tk.render(
        "kagoshima/checking/report.html",
        {
            "pkg_dict": package,
            "pkg": package,
            "resource": resource,
            "report": pages.view(found, lang),
            "checked": row.checked,
        },
    )


def _file(text: str, format_: str, name: str) -> Response:
    types = {"csv": "text/csv", "json": "application/json", "html": "text/html"}
    response = Response(text, mimetype=types[format_])
    if format_ != "html":
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{format_}"'
    return response


def _publishers() -> list[dict[str, str]]:
    found = tk.get_action("organization_list")({}, {"all_fields": True, "limit": 1000, "sort": "name asc"})
    return [{"value": one["name"], "text": one["display_name"]} for one in found]
