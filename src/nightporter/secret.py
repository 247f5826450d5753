"""A value that must not be shown."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a password or token; `repr`, `str`, formatting and pickling never show it. `reveal()` is greppable."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: only where it is sent or hashed."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
