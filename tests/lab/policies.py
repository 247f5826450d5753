"""Policies for tests: the shipped packs, or texts of their own."""

from __future__ import annotations

from collections.abc import Mapping

from nightporter.config import packs
from nightporter.policy.answer import Answers
from nightporter.policy.in_force import InForce
from nightporter.policy.model import Value
from nightporter.policy.ruleset import Ruleset, load

MOMENT: Mapping[str, Value] = {"date": "2026-11-23", "hour": 3, "minute": 7, "weekday": "monday"}
"""When tests ask, unless they say otherwise."""

AGENTS_WRITE = """
@id("agents-write") permit (principal is Agent, action, resource);
"""
"""Beside `baseline`: what an agent does does not wait for anybody. What cannot be understood is still denied."""
SEES = "sees"
"""A group: of people who may see everything, if they are in the group `secrets` too."""
SHE_SEES = f"""
@id("she-sees") permit (principal in Group::"{SEES}", action == Action::"reveal", resource);
"""


def pack(name: str) -> str:
    """The text of a shipped pack."""
    return (packs.FOLDER / f"{name}.cedar").read_text("utf-8")


def ruleset(*texts: str, of: tuple[str, ...] = ()) -> Ruleset:
    """The packs named `of`, and these texts beside them."""
    files = {f"packs/{name}.cedar": pack(name) for name in of}
    return load({**files, **{f"test{n}.cedar": text for n, text in enumerate(texts)}})


def answers(*texts: str, of: tuple[str, ...] = ()) -> Answers:
    """What decisions are made with."""
    return Answers(ruleset(*texts, of=of))


def in_force(*texts: str, of: tuple[str, ...] = ("baseline",), moment: Mapping[str, Value] = MOMENT) -> InForce:
    """What a session holds on to; without anything said: what holds where nobody has written a policy."""
    return InForce(ruleset(*texts, of=of), lambda: moment)
