"""Slows down who keeps failing to prove who they are: per claimed principal and per address. No clock, no sleep: time is given.

Each failure adds one to both counts, `FORGIVEN_AFTER_S` takes one away. Above `FREE_FAILURES` a count means a delay, which
doubles from `FIRST_DELAY_S` to `LONGEST_DELAY_S`. Nobody is locked out: that would let a stranger lock out anyone by name.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict

from .principal import NAME

FREE_FAILURES = 3
"""People mistype."""

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
"""Longer would help little against guessing, and make a nuisance of somebody else's failures."""

FORGIVEN_AFTER_S = 30.0
"""How long until one failure is forgotten."""

MAX_FAILURES = FREE_FAILURES + 1 + round(math.log2(LONGEST_DELAY_S / FIRST_DELAY_S))
"""Beyond the longest delay nothing is counted: after any attack all is forgotten within five minutes."""

MAX_TRACKED = 16_384
"""Names, and addresses, that are remembered: about 4 MiB. The one that failed longest ago is forgotten first."""


class Throttle:
    """Failures of one process. For one thread."""

    def __init__(self, max_tracked: int = MAX_TRACKED) -> None:
        self._principals = _Failures(max_tracked)
        self._addresses = _Failures(max_tracked)

    def delay_s(self, principal: str, address: str, now_s: float) -> float:
        """How long the next attempt should wait before it is answered; `now_s` is of a monotonic clock."""
        counted = (self._addresses.count(network(address), now_s), self._principals.count(_counted(principal), now_s))
        return _delay_s(max(counted))

    def failed(self, principal: str, address: str, now_s: float) -> float:
        """Count a failure, and return what `delay_s` is from now on."""
        self._addresses.add(network(address), now_s)
        self._principals.add(_counted(principal), now_s)
        return self.delay_s(principal, address, now_s)

    def succeeded(self, principal: str, address: str) -> None:
        """Forget both."""
        self._addresses.clear(network(address))
        self._principals.clear(_counted(principal))


class _Failures:
    """Counts that leak, in the order of the last failure."""

    def __init__(self, max_tracked: int) -> None:
        self._max = max_tracked
        self._counts: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, key: str | None, now_s: float) -> float:
        if key is None or key not in self._counts:
            return 0.0
        count, at_s = self._counts[key]
        return max(0.0, count - max(0.0, now_s - at_s) / FORGIVEN_AFTER_S)

    def add(self, key: str | None, now_s: float) -> None:
        if key is None:
            return
        self._counts[key] = (min(self.count(key, now_s) + 1, MAX_FAILURES), now_s)
        self._counts.move_to_end(key)
        if len(self._counts) > self._max:
            self._counts.popitem(last=False)

    def clear(self, key: str | None) -> None:
        if key is not None:
            self._counts.pop(key, None)


def network(address: str) -> str:
    """What is counted for an address: itself, and for IPv6 the /64, of which one client may use every address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address  # `local`, a Unix socket: counted under its word
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip), 64), strict=False))


def _counted(principal: str) -> str | None:
    """None for what cannot be a name: nobody has it, and it may be long, so it is counted by its address alone."""
    return principal if NAME.fullmatch(principal) else None


def _delay_s(count: float) -> float:
    over = math.ceil(count) - FREE_FAILURES
    return 0.0 if over <= 0 else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (over - 1))
