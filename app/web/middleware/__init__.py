"""WSGI middleware, outside of Flask."""
