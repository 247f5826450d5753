"""The rows of one result on their way through a plan, and what the record says of them. Pure."""

from __future__ import annotations

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Veiled
from nightporter.masking.label import MENTIONS

from .cell import CellMask
from .rows import MessageMasker, RowMasker
from .shade import FOUND, Shade


class Plan:
    """What is done with the rows of a result of one description."""

    __slots__ = ("masks", "names", "told")

    def __init__(self, masks: list[CellMask | None], shades: list[Shade], names: list[str]) -> None:
        self.masks = masks
        self.names = names
        self.told = tuple((n, names[n], shade) for n, shade in enumerate(shades) if shade.label or shade.is_hidden)
        """Which columns are spoken of in the record: place, name, shade."""

    @property
    def is_empty(self) -> bool:
        """Rows pass as they are, and there is nothing to say of them."""
        return not self.told and all(each is None for each in self.masks)


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
        hidden = shade.is_hidden
        cells = masker.masked[at] if hidden else rows
        told.append(Veiled(name, shade.label, shade.masker if hidden else "", shade.policies, cells, shade.name))
    spoken = {at for at, _, _ in veiling.plan.told}
    for at, cells in enumerate(masker.guarded):
        if cells:
            name = veiling.plan.names[at]
            told.append(Veiled(name, MENTIONS if at not in spoken else "", FOUND, (), cells))
    return tuple(told)
