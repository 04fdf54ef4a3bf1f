"""The tables of the store; `migrations` brings a database to them."""

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
    Column("version", BigInteger, nullable=False),  # of the text beside
    Column("state", LargeBinary, nullable=False),  # JSON: what is small
    Column("state_digest", LargeBinary),  # SHA-256; none in rows of revision 0001
    Column("arrays", LargeBinary, nullable=False),  # npz: what is large
    Column("holder", String(100), key="lease_owner"),  # who alone may write it; none: anybody
    Index("sessions_by_seen_at", "seen_at"),
)

# Apart, for a text is large and seldom changes. As bytes: a text in PostgreSQL holds no zeros.
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
    Column("text_digest", LargeBinary),  # SHA-256; none in rows of revision 0001
)

# Of a copy, nothing changes but when it was last in use. Its owner need not be kept, nor be kept
# yet: there is no foreign key.
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
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of what follows, together
    Column("state", LargeBinary, nullable=False),
    Column("arrays", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Index("copies_by_owner_id", "owner_id"),
)
