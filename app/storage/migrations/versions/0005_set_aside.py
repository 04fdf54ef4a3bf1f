"""Unreadable checkpoints are set aside, and sessions expire in two steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    for table in ("sessions", "copies"):
        op.add_column(table, sa.Column("expiring_since", sa.Double))
    op.create_table(
        "set_aside",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("session_id", sa.String(100), nullable=False),
        sa.Column("set_aside_at", sa.Double, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("recovered_at", sa.Double),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("state_digest", sa.LargeBinary),
        sa.Column("arrays", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.LargeBinary),
        sa.Column("text_digest", sa.LargeBinary),
    )
    op.create_index("set_aside_by_session_id", "set_aside", ["session_id"])


def downgrade() -> None:
    """To the one before."""
    op.drop_table("set_aside")
    for table in ("copies", "sessions"):
        op.drop_column(table, "expiring_since")
