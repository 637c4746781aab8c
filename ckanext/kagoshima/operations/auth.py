"""The state is public: it holds no name and no address."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import types

__all__ = ["kagoshima_status_show"]


@tk.auth_allow_anonymous_access
def kagoshima_status_show(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return {"success": True}
