"""How much one visitor, one address and all together may ask of a server."""

from __future__ import annotations

from dataclasses import dataclass, field

MORE_THAN_TEXT = 2_000_000
"""Bytes of a message beside its text: options, or a model that is small enough for an event."""


@dataclass(frozen=True)
class Limits:
    """What a server takes on; each refusal names its limit.

    Attributes:
        text: characters of a text.
        weights: of one network.
        total_weights: of all networks in memory.
        sessions: in memory; beyond, the one that was watched least recently rests in the store.
        sessions_per_address: in memory, begun from one address.
        pages_per_session: open at once.
        events_per_second: that one page may send; twice as many in a burst.
        upload: bytes of the largest file that is taken.
        answer_seconds: that an answer may take.
    """

    text: int = field(default=2_000_000, metadata={"help": "Characters of a text."})
    weights: int = field(default=2_000_000, metadata={"help": "Weights of one network."})
    total_weights: int = field(
        default=64_000_000, metadata={"help": "Weights of all networks in memory."}
    )
    sessions: int = field(
        default=512, metadata={"help": "Sessions in memory; others rest in the store."}
    )
    sessions_per_address: int = field(
        default=256, metadata={"help": "Sessions in memory from one address, a lecture hall's too."}
    )
    pages_per_session: int = field(
        default=32, metadata={"help": "Pages of one session that are open at once."}
    )
    events_per_second: float = field(
        default=20.0,
        metadata={"help": "Events a second from one page, beyond a burst."},
    )
    upload: int = field(
        default=100_000_000,  # the largest network here, its solver and its spaces, as JSON
        metadata={"help": "Bytes of an uploaded model."},
    )
    answer_seconds: float = field(
        default=60.0, metadata={"help": "Seconds that an answer may take, a completion's too."}
    )

    @property
    def message(self) -> int:
        """Bytes of one message of a socket: the longest text, as UTF-8 within JSON.

        Four bytes for a character are what a page sends at the most. A client that escapes what is
        not ASCII reaches the limit of a text sooner where that has no Latin letters.
        """
        return 4 * self.text + MORE_THAN_TEXT
