"""Pages of the sources: their states in words, what waits for a decision, and one click to decide."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima import visitor
from ckanext.kagoshima.checking import judge
from ckanext.kagoshima.harvesting import sources

__all__ = ["kagoshima_harvesting"]

kagoshima_harvesting = Blueprint("kagoshima_harvesting", __name__)
PER_PAGE = 100


@kagoshima_harvesting.route("/harvest/state")
def index() -> str | Response:
    """All sources that the visitor looks after, those that need somebody first."""
    page = max(int(tk.request.args.get("page") or 1), 1) if (tk.request.args.get("page") or "1").isdigit() else 1
    query = {key: tk.request.args[key] for key in ("municipality_code", "state") if tk.request.args.get(key)}
    try:
        found = visitor.ask("kagoshima_source_list", {**query, "limit": PER_PAGE, "offset": (page - 1) * PER_PAGE})
        held = visitor.ask("kagoshima_held_list", {})
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    data = {
        **found,
        "held": held,
        "page": page,
        "pages": -(-found["count"] // PER_PAGE),
        "query": query,
        "lang": judge.language(),
    }
    return tk.render("kagoshima/harvesting/index.html", data)


@kagoshima_harvesting.route("/harvest/state/<identifier>")
def show(identifier: str) -> str | Response:
    """One source with its files and its timeline."""
    try:
        source = visitor.ask("kagoshima_source_show", {"id": identifier})
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    return tk.render("kagoshima/harvesting/show.html", {"source": source, "lang": judge.language()})


@kagoshima_harvesting.route("/harvest/held/<identifier>/<any(release, reject):decision>", methods=["POST"])
def decide(identifier: str, decision: str) -> str | Response:
    """Release or reject a held revision."""
    said = tk._("Released.") if decision == "release" else tk._("Rejected.")
    return _done(f"kagoshima_held_{decision}", {"id": identifier, "reason": tk.request.form.get("reason", "")}, "", said)


@kagoshima_harvesting.route("/harvest/held/<identifier>/mapping", methods=["POST"])
def confirm_mapping(identifier: str) -> str | Response:
    """Confirm the column mapping of a held revision whose header changed."""
    form = tk.request.form
    data = {"id": form.get("source", ""), "mapping": form.get("mapping", ""), "reason": form.get("reason", "")}
    return _done("kagoshima_mapping_confirm", data, data["id"], tk._("The mapping was kept, and the file was read with it."))


@kagoshima_harvesting.route("/harvest/state/<identifier>/run", methods=["POST"])
def run(identifier: str) -> str | Response:
    """Harvest a source soon."""
    return _done("kagoshima_source_harvest", {"id": identifier}, identifier, tk._("It is harvested in the next minutes."))


@kagoshima_harvesting.route("/harvest/state/<identifier>/route", methods=["POST"])
def choose_route(identifier: str) -> str | Response:
    """Choose a file as the right one of several routes to the same rows."""
    form = tk.request.form
    data = {"file_id": form.get("file_id", ""), "reason": form.get("reason", "")}
    return _done("kagoshima_route_choose", data, identifier, tk._("This route is the right one from now on."))


@kagoshima_harvesting.route("/harvest/preview", methods=["GET", "POST"])
def preview() -> str | Response:
    """What a source that is not yet saved would bring; writes nothing."""
    form = tk.request.form
    asked = {key: form.get(key, "").strip() for key in ("municipality_code", "url", "kind", "dataset", "licence")}
    plan, problem = None, ""
    try:
        tk.check_access("kagoshima_source_list", {"user": tk.current_user.name}, {})
        if tk.request.method == "POST":
            plan = visitor.ask("kagoshima_source_preview", asked)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ValidationError as error:
        problem = " ".join(error.error_summary.values())
    data = {"asked": asked, "plan": plan, "problem": problem, "kinds": sources.KINDS, "lang": judge.language()}
    return tk.render("kagoshima/harvesting/preview.html", data)


def _done(action: str, data: dict[str, Any], source: str, said: str) -> str | Response:
    """The action, then the page of the source with what was done or what was wrong. Where `source` is not known before (""),
    the action's answer names it; without an answer the list of sources is shown."""
    done = visitor.decide(action, data)
    if done is not None:
        tk.h.flash_success(said)
        source = source or done["source"]
    if not source:
        return tk.redirect_to("kagoshima_harvesting.index")
    return tk.redirect_to("kagoshima_harvesting.show", identifier=source)
