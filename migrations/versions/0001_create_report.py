"""Create kagoshima_report: the report of each resource's file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kagoshima_report",
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("rule_set", sa.Text, nullable=False),
        sa.Column("checked_as", sa.Text, nullable=False, server_default=""),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text),
        sa.Column("edition", sa.Text),
        sa.Column("encoding", sa.Text, nullable=False, server_default=""),
        sa.Column("row_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("accepted_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("report", JSONB, nullable=False),
        sa.Column("checked", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("kagoshima_report_package_id_idx", "kagoshima_report", ["package_id"])


def downgrade() -> None:
    op.drop_table("kagoshima_report")
