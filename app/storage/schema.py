"""The database schema; `migrations` upgrades a database to it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", String(100), primary_key=True),
    Column("saved_at", Double, nullable=False),  # Unix time
    Column("seen_at", Double, nullable=False),  # Unix time
    Column("version", BigInteger, nullable=False),  # of its text
    Column("state", LargeBinary, nullable=False),  # JSON
    Column("state_digest", LargeBinary),  # SHA-256; null in rows of revision 0001
    Column("arrays", LargeBinary, nullable=False),  # npz
    Column("holder", String(100), key="lease_owner"),  # the only writer; null: any process
    Index("sessions_by_seen_at", "seen_at"),
)

# A separate table, because a text is large and rarely changes. Binary, because text columns of
# PostgreSQL cannot hold NUL.
texts = Table(
    "texts",
    metadata,
    Column(
        "session_id",
        String(100),
        ForeignKey("sessions.session_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", BigInteger, nullable=False),
    Column("text", LargeBinary, nullable=False),  # UTF-8, lone surrogates as three bytes
    Column("text_digest", LargeBinary),  # SHA-256; null in rows of revision 0001
)

# Only `seen_at` changes. There is no foreign key: the owner's session may be stored later, or may
# have expired.
shares = Table(
    "copies",
    metadata,
    Column("copy_id", String(100), key="share_id", primary_key=True),
    Column("owner_id", String(100), nullable=False),
    Column("created_at", Double, nullable=False),  # Unix time
    Column("seen_at", Double, nullable=False),  # Unix time
    Column("steps", BigInteger, nullable=False),
    Column("sentences", BigInteger, nullable=False),
    Column("perplexity", Double),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the following columns
    Column("state", LargeBinary, nullable=False),
    Column("arrays", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Index("copies_by_owner_id", "owner_id"),
)
