"""The address that the web server listens on, taken before anything else starts."""

from __future__ import annotations

import socket


class CannotListen(RuntimeError):
    """The address cannot be listened on; the sentence says which and why."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        why = (error.strerror or "it is no address of this machine").partition(" (")[0]
        raise CannotListen(
            f"the web server cannot listen on {host} port {port}: {why.lower()}; stop what uses it, or set "
            "NOTIFIER_WEB_HOST and NOTIFIER_WEB_PORT (`worker` alone: NOTIFIER_METRICS_PORT)"
        ) from None
