"""Cookies that a client takes from one server to another."""

from __future__ import annotations

import re
from collections.abc import Mapping


def without_port(cookies: Mapping[str, str]) -> dict[str, str]:
    """The cookies by names without the port of their server, which servers at all ports read."""
    return {re.sub(r"_\d+$", "", name): value for name, value in cookies.items()}
