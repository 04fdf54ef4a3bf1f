"""The database schema; `migrations` upgrades a database to it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData()

# Each text once, for all that refer to it by its digest. Binary, because text columns of PostgreSQL
# cannot hold NUL. Rows never change, except for the mark.
contents = Table(
    "contents",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of the text as stored
    Column("size", BigInteger, nullable=False),  # bytes
    Column("stored_at", Double, nullable=False),  # Unix time
    Column("expiring_since", Double),  # Unix time at which it was first seen to be unused
    Column("text", LargeBinary, nullable=False),  # UTF-8, lone surrogates as three bytes
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", String(100), primary_key=True),
    Column("saved_at", Double, nullable=False),  # Unix time
    Column("seen_at", Double, nullable=False),  # Unix time
    Column("version", BigInteger, nullable=False),  # counts the networks of the session
    Column("state", LargeBinary, nullable=False),  # JSON: what is small
    Column("state_digest", LargeBinary),  # SHA-256; none in rows of revision 0001
    Column("arrays", LargeBinary, nullable=False),  # npz: what is large
    Column("holder", String(100), key="lease_owner"),  # who alone may write it; none: anybody
    Column("expiring_since", Double),  # Unix time at which it was first seen to be unused
    Column("text_digest", LargeBinary),  # of its text in `contents`; null: it is in `texts`
    Index("sessions_by_seen_at", "seen_at"),
)

# The texts of sessions that were last saved before revision 0006, a copy for each.
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
    Column("text", LargeBinary, nullable=False),  # empty if `text_digest` is set
    Column("expiring_since", Double),  # as that of a session
    Column("text_digest", LargeBinary),  # of its text in `contents`; null: it is here
    Index("copies_by_owner_id", "owner_id"),
)

# Checkpoints that this version cannot read, and those that a recovered one replaced.
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("session_id", String(100), nullable=False),
    Column("set_aside_at", Double, nullable=False),  # Unix time
    Column("reason", String(300), nullable=False),
    Column("recovered_at", Double),  # Unix time at which it was read after all
    Column("saved_at", Double, nullable=False),  # this and the rest as in `sessions` and `texts`
    Column("version", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("state_digest", LargeBinary),
    Column("arrays", LargeBinary, nullable=False),
    Column("text", LargeBinary),  # null: it is in `contents`
    Column("text_digest", LargeBinary),
    Index("set_aside_by_session_id", "session_id"),
)
