"""WSGI middleware that each request passes before Flask."""
