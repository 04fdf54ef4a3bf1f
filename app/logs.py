"""What the server's log leaves out."""

from __future__ import annotations

import logging

PEERS_WHO_LEFT = ("Session is disconnected", "Session not found", "Invalid session")
"""How Engine.IO calls a request that crosses with the end of its connection: a page that closes."""


def leave_out_peers_who_left() -> None:
    """Keep Engine.IO from logging as errors what every closing page may cause."""
    logging.getLogger("engineio.server").addFilter(_is_worth_logging)


def _is_worth_logging(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not any(left in message for left in PEERS_WHO_LEFT)
