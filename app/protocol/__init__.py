"""The wire protocol: every event between page and server, declared once.

Payloads from the page are pydantic models, validated before any other code sees them. What the
server sends is typed as dictionaries: the type checker verifies it, at no cost at run time. The
page's types and the protocol's documentation are generated from here
(`python -m tools.generate_protocol`).
"""

from app.protocol.events import ACKNOWLEDGED, CLIENT_EVENTS, SERVER_EVENTS
from app.protocol.parse import read_event, read_payload
from app.protocol.requests import DEFAULT_LIMITS, TEMPERATURE
from app.protocol.state import (
    Best,
    BuiltInText,
    Closing,
    Curve,
    Frame,
    LiveState,
    Notice,
    Point,
    SessionText,
    State,
    StoredText,
    TextFile,
    TextInfo,
)

__all__ = [
    "ACKNOWLEDGED",
    "CLIENT_EVENTS",
    "DEFAULT_LIMITS",
    "SERVER_EVENTS",
    "TEMPERATURE",
    "Best",
    "BuiltInText",
    "Closing",
    "Curve",
    "Frame",
    "LiveState",
    "Notice",
    "Point",
    "SessionText",
    "State",
    "StoredText",
    "TextFile",
    "TextInfo",
    "read_event",
    "read_payload",
]
