"""How a public file was read: the mark of its confirmed mapping and repairs.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kagoshima_file", sa.Column("reading", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("kagoshima_file", "reading")
