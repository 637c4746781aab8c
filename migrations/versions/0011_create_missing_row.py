"""Create kagoshima_missing_row: rows of safety data that the newest file no longer has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kagoshima_missing_row",
        sa.Column("file_id", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("municipality_code", sa.Text, nullable=False),
        sa.Column("package_name", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("address", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("kagoshima_missing_row_dataset_idx", "kagoshima_missing_row", ["dataset"])
    op.create_index("kagoshima_missing_row_package_idx", "kagoshima_missing_row", ["package_name"])


def downgrade() -> None:
    op.drop_table("kagoshima_missing_row")
