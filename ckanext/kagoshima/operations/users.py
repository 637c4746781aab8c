"""The accounts that a new catalogue begins with. Passwords are made at random and shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config


@dataclass(frozen=True)
class Account:
    """A new account; `password` is kept nowhere else."""

    name: str
    password: str
    role: str


def ensure(demo: bool = True) -> list[Account]:
    """Make the administrator and, for a demonstration, an admin of the prefecture and one of a municipality.

    Accounts that are there already are left alone and not returned.
    """
    wanted = [("admin", "", "システム管理者 / system administrator")]
    if demo:
        prefecture = config.prefecture_code()
        wanted.append(("prefecture", prefecture, "県の管理者 / admin of the prefecture and its municipalities"))
        child = _first_municipality(prefecture)
        if child is not None:
            wanted.append((f"clerk-{child.name}", child.name, f"{child.title}の管理者 / admin of this municipality only"))
    return [account for name, organization, role in wanted if (account := _ensure(name, organization, role))]


def _first_municipality(prefecture: str) -> Any:
    query = model.Session.query(model.Group).filter(
        model.Group.is_organization.is_(True), model.Group.state == "active", model.Group.name != prefecture
    )
    return query.order_by(model.Group.name).first()


def _ensure(name: str, organization: str, role: str) -> Account | None:
    if model.User.get(name) is not None:
        return None
    password = secrets.token_urlsafe(12)
    context: Any = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    data = {"name": name, "email": f"{name}@localhost.invalid", "password": password, "sysadmin": not organization}
    tk.get_action("user_create")(context.copy(), data)
    if organization:
        tk.get_action("organization_member_create")(context.copy(), {"id": organization, "username": name, "role": "admin"})
    return Account(name, password, role)
