"""The page of labels against the table that it is about."""

from __future__ import annotations

import re

from nightporter.masking.label import LABELS

from .pages import ROOT

PAGE = ROOT / "docs/reference/labels.md"


def test_every_label_is_listed_as_it_is() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \| `(\w+)` \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(label.name, label.title, label.masker) for label in LABELS.values()]
