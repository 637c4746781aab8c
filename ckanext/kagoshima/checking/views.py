"""Pages of the standards, of the check and of reports."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Blueprint

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
