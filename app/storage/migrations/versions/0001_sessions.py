"""Sessions and their texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade to this revision."""
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(100), primary_key=True),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("arrays", sa.LargeBinary, nullable=False),
    )
    op.create_index("sessions_by_seen_at", "sessions", ["seen_at"])
    op.create_table(
        "texts",
        sa.Column(
            "session_id",
            sa.String(100),
            sa.ForeignKey("sessions.session_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Downgrade to the previous revision."""
    op.drop_table("texts")
    op.drop_table("sessions")
