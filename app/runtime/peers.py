"""What the limits on peers share: token buckets, and the network of an address."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict

BURST_SECONDS = 2.0
"""A burst may hold the events of this many seconds."""
MAX_ADDRESSES = 10_000
"""Addresses whose rate is remembered; those that asked least recently are dropped."""
HOUR = 3600.0


class TokenBucket:
    """A token bucket: refills at a constant rate; each event takes a token.

    Args:
        rate: tokens per second.
        now: the current time, as for `take`.
        size: tokens of a full bucket; by default those of a short burst.
    """

    def __init__(self, rate: float, now: float, size: float | None = None) -> None:
        self._rate = rate
        self._size = max(1.0, rate * BURST_SECONDS if size is None else size)
        self._level = self._size
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Take a token; returns whether there was one."""
        self._level = min(self._size, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True


class AddressRateLimiter:
    """A token bucket for each address; thread-safe. The arguments are those of `TokenBucket`."""

    def __init__(self, rate: float, size: float | None = None) -> None:
        self._rate = rate
        self._size = size
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()  # by network, oldest first

    @classmethod
    def hourly(cls, most: float) -> AddressRateLimiter:
        """Limits what each address does in an hour, which it may do at once."""
        return cls(most / HOUR, most)

    def take(self, address: str, now: float) -> bool:
        """Take a token of an address; returns whether there was one."""
        network = network_of(address)
        with self._lock:
            bucket = self._buckets.setdefault(network, TokenBucket(self._rate, now, self._size))
            self._buckets.move_to_end(network)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
            return bucket.take(now)


def network_of(address: str) -> str:
    """The network that counts as one address: for IPv6, the /64 of one customer."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))
    return str(known)
