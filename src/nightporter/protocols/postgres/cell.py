"""What becomes of one cell of a column: the interface between the walk over rows and the maskers of types. Pure.

A cell is the bytes of one value as a row holds it, in text or in binary, without its length. NULL has no bytes: it never comes here
and stays NULL. Compiled with `cell.pxd`, so that a compiled walk calls a compiled `mask` through C; subclasses in plain Python work
just as well. A compiled subclass says in its own .pxd:

    from nightporter.protocols.postgres.cell cimport CellMask
    cdef class EmailMask(CellMask):
        cpdef bytes mask(self, bytes cell)

It must not know about messages.
"""

from __future__ import annotations


class CellMask:
    """How the cells of a column are shown. As it stands: the same bytes for every cell, or NULL."""

    def __init__(self, constant: bytes | None = None, is_constant: bool = True, is_guard: bool = False, shortest: int = 0) -> None:
        """`constant`: what every cell becomes, None is NULL. A subclass with a `mask` of its own says `is_constant=False`.

        `is_guard`: it looks for what should not be there, and mostly changes nothing; what it changes is counted apart. `shortest`:
        it would change no cell of fewer bytes, so that it need not be asked about one.
        """
        self.constant = constant
        self.is_constant = is_constant
        self.is_guard = is_guard
        self.shortest = shortest

    def mask(self, cell: bytes) -> bytes | None:
        """What is shown in place of `cell`; None is NULL. The same object means that nothing is changed.

        Not called where `is_constant`. Whatever it raises ends the result: nothing of that row has been handed on.
        """
        return self.constant if self.is_constant else cell


SHOWN, FIXED, ASKED = range(3)


class Column:
    """One column of a result that is rewritten: what the walk over its rows wants to know, and what it has changed so far."""

    def __init__(self, mask: CellMask | None) -> None:
        """`mask`: None shows the column as it is."""
        self.mask = CellMask() if mask is None else mask
        self.kind = SHOWN if mask is None else FIXED if mask.is_constant else ASKED
        self.is_guard = mask is not None and mask.is_guard
        self.shortest = 0 if mask is None else mask.shortest
        self.fixed = b""
        """What is written in place of every cell, if its mask is a constant: in the form that the rows have."""
        self.changed = 0
        """Cells that were changed."""
