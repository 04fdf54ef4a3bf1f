"""The lease owner of a session: the node that trains it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade to this revision."""
    op.add_column("sessions", sa.Column("holder", sa.String(100)))


def downgrade() -> None:
    """Downgrade to the previous revision."""
    op.drop_column("sessions", "holder")
