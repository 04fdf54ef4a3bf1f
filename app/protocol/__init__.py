"""The wire protocol: every event between page and server, declared once.

Payloads from the page are pydantic models, validated before any other code sees them. What the
server sends is typed as dictionaries: the type checker verifies it, at no cost at run time. The
page's types and the protocol's documentation are generated from here
(`python -m tools.generate_protocol`).
"""

from app.protocol.answers import Completed, Completion, Done, Refused, Saved
from app.protocol.events import ACKNOWLEDGED, CLIENT_EVENTS, SERVER_EVENTS, ClientEvent
from app.protocol.parse import read_event
from app.protocol.requests import (
    CLIP,
    DEFAULT_LIMITS,
    DEFAULTS,
    HIDDEN_SIZES,
    KINDS,
    L2,
    LEARNING_RATE,
    LETTER_SIZE,
    MAX_LINE,
    METHODS,
    SCHEDULE_EPOCHS,
    SCHEDULES,
    TEMPERATURE,
    VALIDATION,
    Change,
    Complete,
    Learn,
    Load,
    LoadPretrained,
    NetworkEntries,
    Pause,
    Resume,
    Save,
    Undo,
)
from app.protocol.state import (
    BroughtText,
    Closing,
    Curve,
    Figures,
    Frame,
    Notice,
    Options,
    Point,
    State,
)

__all__ = [
    "ACKNOWLEDGED",
    "CLIENT_EVENTS",
    "CLIP",
    "DEFAULTS",
    "DEFAULT_LIMITS",
    "HIDDEN_SIZES",
    "KINDS",
    "L2",
    "LEARNING_RATE",
    "LETTER_SIZE",
    "MAX_LINE",
    "METHODS",
    "SCHEDULES",
    "SCHEDULE_EPOCHS",
    "SERVER_EVENTS",
    "TEMPERATURE",
    "VALIDATION",
    "BroughtText",
    "Change",
    "ClientEvent",
    "Closing",
    "Complete",
    "Completed",
    "Completion",
    "Curve",
    "Done",
    "Figures",
    "Frame",
    "Learn",
    "Load",
    "LoadPretrained",
    "NetworkEntries",
    "Notice",
    "Options",
    "Pause",
    "Point",
    "Refused",
    "Resume",
    "Save",
    "Saved",
    "State",
    "Undo",
    "read_event",
]
