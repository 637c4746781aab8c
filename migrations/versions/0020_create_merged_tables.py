"""Create the tables of the merged tables: runs, files, changes, redirects, suspected duplicates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None

_COUNTS = ("rows_in", "accepted", "rejected", "duplicates", "withheld")


def _counts() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in _COUNTS]


def upgrade() -> None:
    op.create_table(
        "kagoshima_merge_run",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
        sa.Column("licence", sa.Text, nullable=False, server_default=""),
        *_counts(),
        sa.Column("added", sa.Integer, nullable=False, server_default="0"),
        sa.Column("removed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("changed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("manifest", JSONB),
        sa.Column("published", sa.DateTime(timezone=True)),
    )
    op.create_index("kagoshima_merge_run_dataset", "kagoshima_merge_run", ["dataset", "number"])
    op.create_table(
        "kagoshima_merge_file",
        sa.Column("dataset", sa.Text, primary_key=True),
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("publisher_code", sa.Text, nullable=False),
        sa.Column("publisher_name", sa.Text, nullable=False),
        sa.Column("source", JSONB, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False, server_default="merged"),
        *_counts(),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("part", sa.Text, nullable=False, server_default=""),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("kagoshima_merge_file_publisher", "kagoshima_merge_file", ["dataset", "publisher_code"])
    op.create_table(
        "kagoshima_merge_change",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publisher_code", sa.Text, nullable=False),
        sa.Column("row_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.Column("redacted", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("kagoshima_merge_change_dataset", "kagoshima_merge_change", ["dataset", "seq"])
    op.create_index("kagoshima_merge_change_row", "kagoshima_merge_change", ["row_id", "seq"])
    op.create_table(
        "kagoshima_merge_redirect",
        sa.Column("row_id", sa.Text, primary_key=True),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("to_row_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "kagoshima_merge_suspect",
        sa.Column("dataset", sa.Text, primary_key=True),
        sa.Column("row_id", sa.Text, primary_key=True),
        sa.Column("other_row_id", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided", sa.DateTime(timezone=True)),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("facts", JSONB),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for name in ("suspect", "redirect", "change", "file", "run"):
        op.drop_table(f"kagoshima_merge_{name}")
