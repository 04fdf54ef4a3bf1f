"""Digests, to know a text without reading it, and damage when it is read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("sessions", sa.Column("state_digest", sa.LargeBinary))
    op.add_column("texts", sa.Column("text_digest", sa.LargeBinary))


def downgrade() -> None:
    """To the one before."""
    op.drop_column("texts", "text_digest")
    op.drop_column("sessions", "state_digest")
