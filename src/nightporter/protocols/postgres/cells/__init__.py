"""Cells of every type, in text and in binary: what is shown in their place, and what looks through them. Pure.

    cell_masker(...)    whatever the value is, a mask of the same type stands in its place
    cell_guard(...)     what is found inside is masked, the rest stays byte for byte

One file for each way in which values are written: `text`, `number`, `moment`, `fixed` (what is always shown the same way),
`document` (JSON), `array`, `row`, `pairs` (hstore); `masking` and `guarding` choose among them by type, with `types`. Inside of
them text is UTF-8; `transcode` is around what comes in another encoding. A cell that is not what its type says is shown as NULL.
"""

from __future__ import annotations

from .build import cell_guard, cell_masker
from .looking import Looking

__all__ = ["Looking", "cell_guard", "cell_masker"]
