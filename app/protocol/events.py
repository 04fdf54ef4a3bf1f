"""Every event between page and server, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.protocol import inspection, sharing
from app.protocol.answers import Completed, Done, Saved
from app.protocol.base import Payload
from app.protocol.requests import (
    Change,
    Complete,
    Learn,
    Load,
    LoadPretrained,
    Pause,
    Resume,
    Save,
    Undo,
)
from app.protocol.state import Closing, Frame, Notice, State


@dataclass(frozen=True)
class ClientEvent:
    """The payload of an event, and the type of its successful answer."""

    payload: type[Payload]
    answer: type = Done


CLIENT_EVENTS: Mapping[str, ClientEvent] = MappingProxyType(
    {
        "learn": ClientEvent(Learn),
        "pause": ClientEvent(Pause),
        "resume": ClientEvent(Resume),
        "set": ClientEvent(Change),
        "load": ClientEvent(Load),
        "load_pretrained": ClientEvent(LoadPretrained),
        "undo": ClientEvent(Undo),
        "save": ClientEvent(Save, answer=Saved),
        "share": ClientEvent(sharing.Share, answer=sharing.Shared),
        "shares": ClientEvent(sharing.Shares, answer=sharing.OwnCopies),
        "withdraw": ClientEvent(sharing.Withdraw),
        "open_shared": ClientEvent(sharing.OpenShared),
        "complete": ClientEvent(Complete, answer=Completed),
        "surprise": ClientEvent(inspection.Surprise, answer=inspection.Surprised),
        "units": ClientEvent(inspection.Units, answer=inspection.UnitsRead),
        "find_units": ClientEvent(inspection.FindUnits, answer=inspection.UnitsFound),
        "letters": ClientEvent(inspection.Letters, answer=inspection.LettersMapped),
        "weights": ClientEvent(inspection.Weights, answer=inspection.WeightsLooked),
        "network": ClientEvent(inspection.Network, answer=inspection.NetworkRead),
        "gradient_check": ClientEvent(inspection.GradientCheck, answer=inspection.GradientChecked),
    }
)

SERVER_EVENTS: Mapping[str, type] = MappingProxyType(
    {"state": State, "frame": Frame, "notice": Notice, "closing": Closing}
)

ACKNOWLEDGED = frozenset({"state", "frame"})
"""Server events that a page must acknowledge before it is sent the next of them."""
