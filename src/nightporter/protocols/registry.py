"""Every protocol that Nightporter speaks: one line each. The only place outside its folder that names one."""

from __future__ import annotations

from nightporter.core.wire import Adapter

from .postgres.adapter import ADAPTER as POSTGRES

ADAPTERS: dict[str, Adapter] = {adapter.name: adapter for adapter in (POSTGRES,)}
