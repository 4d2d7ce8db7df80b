"""The presigned-URL broker: who you are, what you may do, and a URL that goes straight to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.errors import BrokerError

if TYPE_CHECKING:
    from broker.app import create_app
    from broker.settings import Settings

__version__ = "0.1.0"
__all__ = ["BrokerError", "Settings", "__version__", "create_app"]


def __getattr__(name: str) -> object:
    """Import on first use: `import broker.sign` must cost neither Starlette nor boto3."""
    if name == "create_app":
        from broker.app import create_app  # noqa: PLC0415

        return create_app
    if name == "Settings":
        from broker.settings import Settings  # noqa: PLC0415

        return Settings
    raise AttributeError(name)
