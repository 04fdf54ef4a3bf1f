"""The security headers of every response."""

from __future__ import annotations

from werkzeug.datastructures import Headers

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""No script from another site runs in the page, and no other site frames it."""
ONLY_HTTPS = ("Strict-Transport-Security", "max-age=31536000")


def add_security_headers(headers: list[tuple[str, str]], *, secure: bool) -> list[tuple[str, str]]:
    """The headers of a response with the security headers that it does not set itself."""
    result = Headers(headers)
    for name, value in HEADERS.items():
        result.setdefault(name, value)
    if secure:
        result.setdefault(*ONLY_HTTPS)
    return result.to_wsgi_list()
