"""Logging: one logger, ``isthmus``, silent until an application configures it; the command line can write
JSON lines."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any, Final

LOGGER: Final = logging.getLogger("isthmus")


def quiet() -> None:
    """What a library does: no output of its own, no warning about missing handlers."""
    if not LOGGER.handlers:
        LOGGER.addHandler(logging.NullHandler())


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time (RFC 3339, UTC), level, logger, message, and what was passed as
    ``extra={"data": ...}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        said: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        data = getattr(record, "data", None)
        if isinstance(data, dict):
            said.update(data)
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def to_stderr(level: int, *, as_json: bool) -> None:
    """Sends the logger to standard error; for the command line, not for libraries. A second call replaces the
    first."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    for old in LOGGER.handlers[:]:
        LOGGER.removeHandler(old)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
