"""Which loopback port a server may have."""

from __future__ import annotations

import errno
import socket

from broker.errors import ConfigurationError


def free_port(wanted: int) -> int:
    """`wanted` if nothing listens there on loopback, or any free port for 0.

    `localhost` may mean `::1` to a browser, so that address must not be somebody else's either.
    Raises ConfigurationError when it is taken.
    """
    port = wanted
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            port = _bind(family, host, port)
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                raise ConfigurationError([_taken(host, port, error)]) from error
    return port


def _bind(family: socket.AddressFamily, host: str, port: int) -> int:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        bound: int = probe.getsockname()[1]
        return bound


def _taken(host: str, port: int, error: OSError) -> str:
    why = "is already in use" if error.errno == errno.EADDRINUSE else "may not be used"
    return f"port: {port} on {host} {why}; choose another one"
