"""Each text is stored once; sessions and copies refer to it by its digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision. Texts move when their session is saved, so that this takes no time."""
    op.create_table(
        "contents",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("stored_at", sa.Double, nullable=False),
        sa.Column("expiring_since", sa.Double),
        sa.Column("text", sa.LargeBinary, nullable=False),
    )
    for table in ("sessions", "copies"):
        op.add_column(table, sa.Column("text_digest", sa.LargeBinary))


def downgrade() -> None:
    """To the one before; what refers to a text loses it."""
    for table in ("copies", "sessions"):
        op.drop_column(table, "text_digest")
    op.drop_table("contents")
