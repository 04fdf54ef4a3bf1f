"""Logging: one line per event, as text or JSON.

Lines contain the short id of a session, never its secret id or the visitor's text.
"""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from app.runtime.config import LogFormat

PEERS_WHO_LEFT = ("Session is disconnected", "Session not found", "Invalid session")
"""How Engine.IO calls a request that crosses with the end of its connection: a page that closes."""

_NOT_EXTRA = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logging(log_format: LogFormat) -> None:
    """Log to standard error: of charnn what happens, of its libraries what goes wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if log_format == "json" else _Text())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(logging.INFO)
    logging.getLogger("engineio.server").addFilter(_is_worth_logging)


class _Text(logging.Formatter):
    """For people: time, level, what happened, and to what."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (its base's name)
        """The line, with the fields that came along at its end."""
        extra = {
            name: value
            for name, value in vars(record).items()
            if name not in _NOT_EXTRA and not name.startswith("_")  # those are a library's
        }
        fields = "".join(f" {name}={value}" for name, value in extra.items())
        return super().formatMessage(record) + fields


def _json() -> logging.Formatter:
    """For programs: an object a line."""
    return JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
    )


def _is_worth_logging(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not any(left in message for left in PEERS_WHO_LEFT)
