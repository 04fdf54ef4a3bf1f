"""The security headers of every response."""

from __future__ import annotations

import re
from collections.abc import Mapping

from werkzeug.datastructures import Headers

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors ",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""No script from another site runs in the page."""
ONLY_HTTPS = ("Strict-Transport-Security", "max-age=31536000")
_SITE = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?")


def is_site(site: str) -> bool:
    """Whether this is the origin of a site, such as https://school.example or http://localhost:80.

    `*.` at the start of the host stands for all its subdomains.
    """
    return _SITE.fullmatch(site) is not None


def security_headers(frame_ancestors: str = "") -> dict[str, str]:
    """The security headers; only the sites of `frame_ancestors` may embed the page."""
    headers = dict(HEADERS)
    headers["Content-Security-Policy"] += frame_ancestors or "'none'"
    if not frame_ancestors:
        headers["X-Frame-Options"] = "DENY"  # it cannot name several sites
    return headers


def add_security_headers(
    headers: list[tuple[str, str]], defaults: Mapping[str, str], *, secure: bool
) -> list[tuple[str, str]]:
    """The headers of a response with the security headers that it does not set itself."""
    result = Headers(headers)
    for name, value in defaults.items():
        result.setdefault(name, value)
    if secure:
        result.setdefault(*ONLY_HTTPS)
    return result.to_wsgi_list()
