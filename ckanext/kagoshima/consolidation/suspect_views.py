"""The pairs of rows that may be one thing: everybody sees them and what was decided, staff of the prefecture decide."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima import visitor
from ckanext.kagoshima.checking import catalogue, judge
from ckanext.kagoshima.consolidation import suspecting
from ckanext.kagoshima.consolidation.model import MergeRun

kagoshima_suspects = Blueprint("kagoshima_suspects", __name__)
PER_PAGE = 50


@kagoshima_suspects.route("/merged/<dataset>/suspects")
def index(dataset: str) -> str | Response:
    """All open pairs, and the newest decisions with their reasons."""
    asked = tk.request.args.get("page", "1")
    page = max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    try:
        found = visitor.ask("kagoshima_suspect_list", {"dataset": dataset, "limit": PER_PAGE, "offset": (page - 1) * PER_PAGE})
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    if MergeRun.last(dataset) is None:
        return tk.abort(404, tk._("Nothing is merged for %s yet.") % dataset)
    definition = catalogue.load().standard(dataset)
    return tk.render(
        "kagoshima/consolidation/suspects.html",
        {
            **found,
            "dataset": dataset,
            "title": definition.title.get(judge.language()) or definition.title["ja"],
            "decided": suspecting.decided(definition),
            "page": page,
            "pages": -(-found["count"] // PER_PAGE),
        },
    )


@kagoshima_suspects.route("/merged/<dataset>/suspects", methods=["POST"])
def decide(dataset: str) -> str | Response:
    """One decision, with its reason; then the list again."""
    form = tk.request.form
    data = {name: form.get(name, "") for name in ("row_id", "other_row_id", "drop", "why")}
    done = visitor.decide("kagoshima_suspect_decide", {"dataset": dataset, **data})
    if done is not None:
        confirmed = tk._("The row leaves the table with the next merge and is listed in duplicates.csv with your reason.")
        tk.h.flash_success(confirmed if done["state"] == "confirmed" else tk._("Both rows stay; they are two things."))
    return tk.redirect_to("kagoshima_suspects.index", dataset=dataset)
