"""Create the harvester's tables: states of sources and files, archive, held revisions, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kagoshima_source",
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("municipality_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.Text, nullable=False, server_default="new"),
        sa.Column("problem", JSONB),
        sa.Column("summary", JSONB),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_tried", sa.DateTime(timezone=True)),
        sa.Column("last_changed", sa.DateTime(timezone=True)),
        sa.Column("last_good", sa.DateTime(timezone=True)),
        sa.Column("next_run", sa.DateTime(timezone=True)),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("stage", sa.Text, nullable=False, server_default=""),
        sa.Column("job_id", sa.Text),
    )
    op.create_table(
        "kagoshima_page",
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("etag", sa.Text, nullable=False, server_default=""),
        sa.Column("last_modified", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text, nullable=False, server_default=""),
        sa.Column("found", JSONB, nullable=False),
    )
    op.create_table(
        "kagoshima_file",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("municipality_code", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("entry", JSONB, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.Column("priority", sa.Integer, nullable=False, server_default="100"),
        sa.Column("etag", sa.Text, nullable=False, server_default=""),
        sa.Column("last_modified", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text, nullable=False, server_default=""),
        sa.Column("semantic_hash", sa.Text, nullable=False, server_default=""),
        sa.Column("rule_set", sa.Text, nullable=False, server_default=""),
        sa.Column("dataset", sa.Text),
        sa.Column("edition", sa.Text),
        sa.Column("package_name", sa.Text, nullable=False, server_default=""),
        sa.Column("resource_key", sa.Text, nullable=False, server_default=""),
        sa.Column("resource_id", sa.Text, nullable=False, server_default=""),
        sa.Column("part", sa.Text, nullable=False, server_default=""),
        sa.Column("period", sa.Text, nullable=False, server_default=""),
        sa.Column("header", JSONB),
        sa.Column("row_count", sa.Integer),
        sa.Column("licence", sa.Text, nullable=False, server_default=""),
        sa.Column("published_sha256", sa.Text, nullable=False, server_default=""),
        sa.Column("published_semantic", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.Text, nullable=False, server_default="new"),
        sa.Column("problem", JSONB),
        sa.Column("authority", sa.Text),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("last_seen", sa.DateTime(timezone=True)),
        sa.Column("last_changed", sa.DateTime(timezone=True)),
        sa.Column("last_good", sa.DateTime(timezone=True)),
        sa.Column("missing_since", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "kagoshima_archive",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False, server_default=""),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("purged", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "kagoshima_archive_visit",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("headers", JSONB, nullable=False),
    )
    op.create_table(
        "kagoshima_held",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("file_id", sa.Text),
        sa.Column("municipality_code", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text),
        sa.Column("package_name", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text, nullable=False, server_default=""),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("decided", sa.DateTime(timezone=True)),
        sa.Column("told", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "kagoshima_event",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("actor", sa.Text, nullable=False, server_default=""),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("municipality_code", sa.Text, nullable=False, server_default=""),
        sa.Column("dataset", sa.Text),
        sa.Column("cause", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", JSONB),
    )
    op.create_index("kagoshima_source_code_idx", "kagoshima_source", ["municipality_code"])
    op.create_index("kagoshima_source_next_run_idx", "kagoshima_source", ["next_run"])
    op.create_index("kagoshima_file_source_idx", "kagoshima_file", ["source_id"])
    op.create_index("kagoshima_file_resource_idx", "kagoshima_file", ["resource_id"])
    op.create_index("kagoshima_file_package_idx", "kagoshima_file", ["package_name"])
    op.create_index("kagoshima_file_sha256_idx", "kagoshima_file", ["sha256"])
    op.create_index("kagoshima_held_state_idx", "kagoshima_held", ["state", "since"])
    op.create_index("kagoshima_held_file_idx", "kagoshima_held", ["file_id"])
    op.create_index("kagoshima_event_subject_idx", "kagoshima_event", ["subject"])
    op.create_index("kagoshima_event_cause_idx", "kagoshima_event", ["cause"])
    # Append-only: what was decided stays as it was decided.
    op.execute(
        "CREATE FUNCTION kagoshima_event_unchanged() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'kagoshima_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER kagoshima_event_unchanged BEFORE UPDATE ON kagoshima_event "
        "FOR EACH ROW EXECUTE FUNCTION kagoshima_event_unchanged()"
    )


def downgrade() -> None:
    op.drop_table("kagoshima_event")
    op.drop_table("kagoshima_held")
    op.drop_table("kagoshima_archive_visit")
    op.drop_table("kagoshima_archive")
    op.drop_table("kagoshima_file")
    op.drop_table("kagoshima_page")
    op.drop_table("kagoshima_source")
    op.execute("DROP FUNCTION kagoshima_event_unchanged()")
