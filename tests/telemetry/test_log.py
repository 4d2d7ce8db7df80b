"""The process's own log: JSON lines."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

from broker.telemetry.log import make_log


def test_a_line_is_json_with_level_and_time_and_no_text_can_forge_another() -> None:
    stream = StringIO()
    make_log(stream).error("reload refused\n{}", problems=["a\r\nb", "\u2028"])
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert event["event"] == "reload refused\n{}"
    assert event["level"] == "error"
    assert event["problems"] == ["a\r\nb", "\u2028"]
    assert datetime.fromisoformat(event["timestamp"]).utcoffset() == timedelta(0)
