"""The limits of a server: per visitor, per address and in total."""

from __future__ import annotations

from dataclasses import dataclass, field

from model import TextLimits

MAX_LAYERS = 16
"""Layers of a network that is loaded: each costs time and memory, however few weights it has."""
MAX_EVENT_TEXT = 2_000_000
"""Characters of a text in an event; longer ones are uploaded by HTTP."""
MAX_BOX_TEXT = 300_000
"""Characters of a text that a page edits. Longer ones stay on the server: the page has their
beginning."""
MORE_THAN_TEXT = 2_000_000
"""Bytes of a message besides its text: options, or a model small enough for an event."""


@dataclass(frozen=True)
class Limits:
    """The limits of a server; the error message of each names it.

    Attributes:
        text: maximum characters of a text.
        weights: maximum weights of one network.
        memory: maximum bytes of all networks in memory, with their texts.
        sessions: maximum sessions in memory; beyond, the least recently watched is evicted to the
            store.
        sessions_per_address: maximum sessions in memory from one address, such as a lecture hall;
            four times as many may be opened in an hour.
        pages_per_session: maximum open pages of one session.
        events_per_second: maximum rate of events from one page; twice as many in a burst.
        shares_per_address: maximum shared copies per hour from one address.
        store: maximum bytes of the store; sessions that it has may use a tenth more.
        samples_per_second: maximum rate of requests for samples over HTTP from one address.
        upload: maximum bytes of an uploaded file.
        answer_seconds: timeout of a request.
    """

    text: int = field(default=20_000_000, metadata={"help": "Characters of a text."})
    weights: int = field(default=2_000_000, metadata={"help": "Weights of one network."})
    memory: int = field(
        default=1_000_000_000,
        metadata={"help": "Bytes of all networks in memory, with their texts."},
    )
    sessions: int = field(
        default=512, metadata={"help": "Sessions in memory; others are evicted to the store."}
    )
    sessions_per_address: int = field(
        default=256, metadata={"help": "Sessions in memory from one address."}
    )
    pages_per_session: int = field(default=32, metadata={"help": "Open pages of one session."})
    events_per_second: float = field(
        default=20.0,
        metadata={"help": "Events per second from one page; bursts may be higher."},
    )
    shares_per_address: int = field(
        default=60, metadata={"help": "Shared copies per hour from one address."}
    )
    store: int = field(
        default=10_000_000_000,
        metadata={"help": "Bytes of the store; then there are no new sessions and shared copies."},
    )
    samples_per_second: float = field(
        default=5.0,
        metadata={"help": "HTTP requests for samples per second from one address."},
    )
    upload: int = field(
        default=100_000_000,  # the largest network and its optimizer, as indented JSON
        metadata={"help": "Bytes of an uploaded model."},
    )
    answer_seconds: float = field(
        default=60.0, metadata={"help": "Timeout of a request, in seconds."}
    )

    @property
    def of_text(self) -> TextLimits:
        """The limits of a text, wherever it comes from."""
        return TextLimits(characters=self.text)

    @property
    def event_text(self) -> int:
        """Maximum characters of a text in an event."""
        return min(self.text, MAX_EVENT_TEXT)

    @property
    def message(self) -> int:
        """Maximum bytes of a socket message: the longest text of an event, as UTF-8 within JSON.

        A page sends at most four bytes per character. A client that escapes non-ASCII characters
        may need more, and reaches this limit with a shorter text.
        """
        return 4 * self.event_text + MORE_THAN_TEXT
