"""Alembic's environment, after CKAN's template for extensions: only tables named `kagoshima_*` are ours.

Reached by CKAN as `ckanext/kagoshima/migration/kagoshima`, a relative link to this folder.
"""

from __future__ import annotations

import os
from typing import Any

from alembic import context
from ckan.model.meta import metadata
from sqlalchemy import engine_from_config, pool

config = context.config
name = os.path.basename(os.path.dirname(__file__))


def include_object(object: Any, object_name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
    return object_name.startswith(name) if type_ == "table" else True


def run_migrations_offline() -> None:
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=metadata,
        literal_binds=True,
        version_table=f"{name}_alembic_version",
        include_object=include_object,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    engine = engine_from_config(
        config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=f"{name}_alembic_version",
            include_object=include_object,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
