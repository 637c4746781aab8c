"""Actions called by a page, in its visitor's name."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk


def ask(action: str, data: dict[str, Any]) -> Any:
    """The answer of `action` to the visitor.

    :raises tk.NotAuthorized: the visitor may not
    :raises tk.ObjectNotFound: what `data` names is not there
    :raises tk.ValidationError: `data` cannot be right
    """
    return tk.get_action(action)({"user": tk.current_user.name}, data)


def decide(action: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of `action` to what the visitor decided in a form; None where the visitor has to mend it: why is then a
    message of the next page. Who may not gets the page 403, what is not there the page 404."""
    try:
        return ask(action, data)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    except tk.ValidationError as error:
        tk.h.flash_error(" ".join(error.error_summary.values()))
        return None
