"""Where to listen and where to connect, as text and as a value. Pure; resolves no names."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

MAX_PORT = 65535
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_DIRECTORY_AND_PORT = re.compile(r"(?P<path>/.*?)(:(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address, or the path of a Unix socket (of the directory it is in, for an upstream)."""

    host: str
    """A name or an IP address without brackets; for a Unix socket an absolute path."""
    port: int | None = None
    """None: the protocol's own default; for a listener's Unix socket, whose path is whole, always None."""

    @property
    def unix(self) -> bool:
        """Whether it is a Unix socket."""
        return self.host.startswith("/")

    @property
    def local(self) -> bool:
        """Whether what is sent there stays on this machine: a Unix socket, a loopback address, or the name `localhost`."""
        if self.unix or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False  # a name: what it resolves to may change

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def parse_listener(text: str) -> Address:
    """`host:port`, `[IPv6]:port`, or the absolute path of a Unix socket; port 0: the system's choice. Raises ValueError."""
    if text.startswith("/"):
        return Address(_path(text))
    address = _tcp(text)
    if address.port is None:
        raise ValueError(f"`{text}` lacks a port: write `host:port`")
    return address


def parse_upstream(text: str) -> Address:
    """`host[:port]`, `[IPv6][:port]`, or `/directory[:port]` of a Unix socket. Raises ValueError."""
    match = _DIRECTORY_AND_PORT.fullmatch(text)
    address = Address(_path(match["path"]), _port(match["port"], text)) if match else _tcp(text)
    if address.port == 0:
        raise ValueError(f"`{text}` has no port that one could connect to")
    return address


def _tcp(text: str) -> Address:
    if text.startswith("["):
        literal, bracket, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
        if not bracket or (rest and not rest.startswith(":")) or not _is_ip6(literal):
            raise ValueError(f"`{text}` is not an address: write `[::1]:port`")
        return Address(literal, _port(port if rest else None, text))
    host, colon, port = text.partition(":")
    if ":" in port:
        raise ValueError(f"`{text}` is not an address: put an IPv6 address in brackets, `[::1]:port`")
    if not _HOST.fullmatch(host):
        raise ValueError(f"`{text}` is not an address: write `host:port`")
    return Address(host, _port(port if colon else None, text))


def _port(digits: str | None, text: str) -> int | None:
    if digits is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", digits) or int(digits) > MAX_PORT:
        raise ValueError(f"`{text}` is not an address: a port is a number up to {MAX_PORT}")
    return int(digits)


def _is_ip6(literal: str) -> bool:
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return True


def _path(path: str) -> str:
    if "\0" in path:
        raise ValueError("a path contains no zero byte")
    return path
