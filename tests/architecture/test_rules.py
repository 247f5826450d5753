"""Rules that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re

import pytest

from .source import SRC, Module, modules

every_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.place)


def calls(module: Module) -> list[tuple[str, ast.Call]]:
    """Every call, and the last name of what it calls."""
    return [
        (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
    ]


def made_from(tree: ast.Module, name: str) -> set[str]:
    """Other names that a module gives to `name`."""
    found = {name}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname for alias in node.names if alias.name == name and alias.asname}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in found:
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@every_module
def test_an_allow_is_built_in_policy_only(module: Module) -> None:
    if module.name.partition(".")[0] == "policy":
        return
    makers = made_from(module.tree, "Allow")
    patterns = {id(node.cls) for node in ast.walk(module.tree) if isinstance(node, ast.MatchClass)}
    for name, call in calls(module):
        if id(call.func) in patterns:
            continue
        assert name not in makers, f"{module.place}:{call.lineno} builds an Allow"
        arguments = {ast.unparse(argument).lower() for argument in call.args[:1]}
        if name in ("replace", "copy", "deepcopy", "__new__", "__replace__"):
            suspects = [a for a in arguments if "allow" in a or "decision" in a]
            assert not suspects, f"{module.place}:{call.lineno} makes an Allow of {suspects}"


def test_the_rule_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (
        "Allow(())",
        "model.Allow(())",
        "from nightporter.policy.model import Allow as Yes\nYes(())",
        "Yes = Allow\nYes(())",
        "dataclasses.replace(decision, policies=())",
        "object.__new__(Allow)",
    ):
        module = Module("gateway.made_up", SRC / "gateway" / "made_up.py", ast.parse(text))
        with pytest.raises(AssertionError):
            test_an_allow_is_built_in_policy_only(module)


@every_module
def test_every_module_says_what_it_is(module: Module) -> None:
    if module.tree.body:  # an empty `__init__` says enough
        assert ast.get_docstring(module.tree), f"{module.place} has no docstring"


@every_module
def test_names_say_something(module: Module) -> None:
    vague = re.compile(r"(^|[._])(utils?|helpers?|managers?|handlers?|misc|common|stuff)$|(Util|Helper|Manager|Handler)s?$")
    defined = [n.name for n in ast.walk(module.tree) if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [name for name in [module.name, *defined] if vague.search(name)] == []


@every_module
def test_whoever_catches_everything_says_why(module: Module) -> None:
    lines = module.path.read_text().splitlines()
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = {
            ast.unparse(e) for e in (node.type.elts if isinstance(node.type, ast.Tuple) else [node.type] if node.type else [])
        }
        assert node.type is not None, f"{module.place}:{node.lineno}: a bare except"
        if "Exception" in caught:
            assert re.search(r"# noqa: BLE001 - \w+", lines[node.lineno - 1]), f"{module.place}:{node.lineno} gives no reason"
        if "BaseException" in caught:
            assert ast.unparse(node.body[-1]) == "raise", f"{module.place}:{node.lineno} keeps what it caught"


@every_module
def test_nothing_is_caught_and_forgotten_where_it_is_decided(module: Module) -> None:
    if module.name.partition(".")[0] not in ("core", "policy", "masking"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            assert not all(isinstance(statement, ast.Pass) for statement in node.body), f"{module.place}:{node.lineno}"


@every_module
def test_public_functions_of_the_pure_core_are_documented(module: Module) -> None:
    if module.name.partition(".")[0] not in ("core", "policy", "statement", "identity"):
        return
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{module.place}:{node.lineno} `{node.name}` gives no contract"
