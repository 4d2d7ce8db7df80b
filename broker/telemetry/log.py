"""The process's own log: JSON lines, for faults rather than for requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog

if TYPE_CHECKING:
    from typing import TextIO

    from structlog.typing import FilteringBoundLogger


def make_log(stream: TextIO) -> FilteringBoundLogger:
    """Return a logger whose lines are JSON, so that no text from outside can forge one."""
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )
    # structlog types its proxies as Any.
    return cast("FilteringBoundLogger", logger.bind())
