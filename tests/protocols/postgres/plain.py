"""Hot files as they stand, whatever was compiled from them: to hold both equal."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

PACKAGE = "nightporter.protocols.postgres."


def both(*names: str) -> list[dict[str, ModuleType]]:
    """These modules, which come after those that they import: plain, and compiled if they are."""
    imported = {name: importlib.import_module(PACKAGE + name) for name in names}
    if all(str(module.__file__).endswith(".py") for module in imported.values()):
        return [imported]
    try:
        plain = {name: _load(name, Path(str(imported[name].__file__)).parent) for name in names}
    finally:
        sys.modules |= {PACKAGE + name: module for name, module in imported.items()}
    return [plain, imported]


def _load(name: str, folder: Path) -> ModuleType:
    source = folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(PACKAGE + name, source, loader=SourceFileLoader(PACKAGE + name, str(source)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE + name] = module  # those that come later are to find it, and not the compiled one
    spec.loader.exec_module(module)
    return module
