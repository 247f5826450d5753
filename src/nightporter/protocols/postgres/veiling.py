"""The rows of one result on their way through a plan, and what the record says of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Veiled

from .rows import MessageMasker, RowMasker

if TYPE_CHECKING:
    from .veil import Plan


class Veiling:
    """One result: `feed` takes spans of its rows, and gives what the client is to have of them."""

    __slots__ = ("masker", "plan")

    def __init__(self, masker: MessageMasker, plan: Plan) -> None:
        self.masker = masker
        self.plan = plan

    def feed(self, data: bytes, start: int, end: int) -> bytes:
        """See `RowMasker.feed`. Raises ProtocolError."""
        return self.masker.feed(data, start, end)


class Plainly(Veiling):
    """Of a result that passes as it is."""

    __slots__ = ()

    def __init__(self) -> None:
        pass


PLAINLY = Plainly()


def veiling_of(plan: Plan | None) -> Veiling:
    """For rows of which this plan was made."""
    return PLAINLY if plan is None else Veiling(RowMasker(plan.masks), plan)


def veiled_by(veiling: Veiling, rows: int, *, complete: bool) -> tuple[Veiled, ...]:
    """What became of its columns. Raises ProtocolError when a result has ended within a row."""
    masker = veiling.masker
    if complete and masker.pending:
        raise ProtocolError("a result has ended within a row")
    told = []
    for at, name, shade in veiling.plan.told:
        hidden = shade.masker and shade.masker != "found"
        cells = masker.masked[at] if hidden else rows
        told.append(Veiled(name, shade.label, shade.masker if hidden else "", shade.policies, cells, shade.name))
    spoken = {at for at, _, _ in veiling.plan.told}
    for at, cells in enumerate(masker.guarded):
        if cells:
            name = veiling.plan.names[at]
            told.append(Veiled(name, "pii.text" if at not in spoken else "", "found", (), cells))
    return tuple(told)
