"""Connections of the standard library: what a first request fetches must not wait for an SDK."""

import ssl
from functools import cache
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import SplitResult


def connection_to(place: SplitResult, *, timeout_seconds: float) -> HTTPConnection:
    """Return a connection that is not open yet, over TLS if the address says so."""
    if place.scheme != "https":
        return HTTPConnection(place.netloc, timeout=timeout_seconds)
    return HTTPSConnection(place.netloc, timeout=timeout_seconds, context=trusted())


@cache
def trusted() -> ssl.SSLContext:
    """Return whom the system trusts; to read them takes 30 ms, several times a whole request."""
    return ssl.create_default_context()
