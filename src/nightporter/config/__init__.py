"""The configuration file: one public contract, read once at start, refused whole when any of it is wrong."""

from .address import Address
from .load import load, parse
from .model import (
    Catalog,
    Config,
    Credentials,
    Durability,
    Labels,
    Ledger,
    Limits,
    Listener,
    ListenerTls,
    Policies,
    StatementText,
    Tls,
    Upstream,
)

__all__ = [
    "Address",
    "Catalog",
    "Config",
    "Credentials",
    "Durability",
    "Labels",
    "Ledger",
    "Limits",
    "Listener",
    "ListenerTls",
    "Policies",
    "StatementText",
    "Tls",
    "Upstream",
    "load",
    "parse",
]
