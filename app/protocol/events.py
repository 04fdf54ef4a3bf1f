"""Every event between page and server, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.protocol import inspection, sharing
from app.protocol.base import Payload
from app.protocol.requests import (
    Complete,
    Learn,
    Load,
    LoadBest,
    LoadPretrained,
    Pause,
    Resume,
    Save,
    SetParameters,
    Undo,
)
from app.protocol.results import CompleteResult, OkResult, SaveResult
from app.protocol.state import Closing, Frame, Notice, State


@dataclass(frozen=True)
class ClientEvent:
    """The request that an event carries, and the type of its result."""

    request: type[Payload]
    result: type = OkResult


CLIENT_EVENTS: Mapping[str, ClientEvent] = MappingProxyType(
    {
        "learn": ClientEvent(Learn),
        "pause": ClientEvent(Pause),
        "resume": ClientEvent(Resume),
        "set": ClientEvent(SetParameters),
        "load": ClientEvent(Load),
        "load_pretrained": ClientEvent(LoadPretrained),
        "load_best": ClientEvent(LoadBest),
        "undo": ClientEvent(Undo),
        "save": ClientEvent(Save, result=SaveResult),
        "share": ClientEvent(sharing.Share, result=sharing.ShareResult),
        "shares": ClientEvent(sharing.ListShares, result=sharing.ListSharesResult),
        "withdraw": ClientEvent(sharing.Withdraw),
        "open_shared": ClientEvent(sharing.OpenShared),
        "complete": ClientEvent(Complete, result=CompleteResult),
        "surprise": ClientEvent(inspection.SurprisalRequest, result=inspection.SurprisalResult),
        "units": ClientEvent(inspection.UnitsRequest, result=inspection.UnitsResult),
        "find_units": ClientEvent(inspection.FindUnitsRequest, result=inspection.FindUnitsResult),
        "letters": ClientEvent(inspection.EmbeddingsRequest, result=inspection.EmbeddingsResult),
        "weights": ClientEvent(inspection.WeightsRequest, result=inspection.WeightsResult),
        "network": ClientEvent(inspection.NetworkRequest, result=inspection.NetworkResult),
        "gradient_check": ClientEvent(
            inspection.GradientCheckRequest, result=inspection.GradientCheckResult
        ),
    }
)

SERVER_EVENTS: Mapping[str, type] = MappingProxyType(
    {"state": State, "frame": Frame, "notice": Notice, "closing": Closing}
)

ACKNOWLEDGED = frozenset({"state", "frame"})
"""Server events that a page must acknowledge before it is sent the next of them."""
