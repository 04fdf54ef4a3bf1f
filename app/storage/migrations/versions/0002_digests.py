"""Digests, to compare texts without loading them, and to detect damage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade to this revision."""
    op.add_column("sessions", sa.Column("state_digest", sa.LargeBinary))
    op.add_column("texts", sa.Column("text_digest", sa.LargeBinary))


def downgrade() -> None:
    """Downgrade to the previous revision."""
    op.drop_column("texts", "text_digest")
    op.drop_column("sessions", "state_digest")
