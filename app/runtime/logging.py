"""Logging: one line per event, as text or JSON.

Lines contain the short id of a session, never its secret id or the visitor's text.
"""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from app.runtime.config import LogFormat

DISCONNECTED = ("Session is disconnected", "Session not found", "Invalid session")
"""Engine.IO's messages about requests that arrive as their connection ends: closed pages."""

_NOT_EXTRA = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logging(log_format: LogFormat) -> None:
    """Log to standard error: charnn at level INFO, libraries at level WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json() if log_format == "json" else _Text())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(logging.INFO)
    logging.getLogger("engineio.server").addFilter(_is_worth_logging)


class _Text(logging.Formatter):
    """A text line: time, level, message, and extra fields."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (its base's name)
        """The line, followed by the record's extra fields."""
        extra = {
            name: value
            for name, value in vars(record).items()
            if name not in _NOT_EXTRA and not name.startswith("_")  # set by libraries
        }
        fields = "".join(f" {name}={value}" for name, value in extra.items())
        return super().formatMessage(record) + fields


def _json() -> logging.Formatter:
    """A JSON object per line."""
    return JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
    )


def _is_worth_logging(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not any(text in message for text in DISCONNECTED)
