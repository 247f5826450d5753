"""The optional part of the build: hot files, compiled as they stand. Without a C compiler the build goes on without.

A file with a `.pxd` beside it gets C types from there. `nightporter.compiled` says how to do without.
"""

from __future__ import annotations

from setuptools import Extension, setup

HOT = [
    "core/commands",
    "core/journey",
    "evidence/chain",
    "evidence/commitment",
    "evidence/ledger",
    "gateway/link",
    "gateway/recorder",
    "gateway/session",
    "masking/maskers",
    "masking/signs",
    "masking/token",
    "protocols/postgres/body",
    "protocols/postgres/cell",
    "protocols/postgres/cells/document",
    "protocols/postgres/cells/moment",
    "protocols/postgres/cells/number",
    "protocols/postgres/cells/text",
    "protocols/postgres/copies",
    "protocols/postgres/exchange",
    "protocols/postgres/facts",
    "protocols/postgres/framing",
    "protocols/postgres/grammar",
    "protocols/postgres/guard",
    "protocols/postgres/names",
    "protocols/postgres/rows",
    "protocols/postgres/scope",
    "protocols/postgres/wire",
]
"""On the way of every statement. Each earns its place in `bench/`."""


def extensions() -> list[Extension]:
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    hot = [
        Extension(
            f"nightporter.{path.replace('/', '.')}", [f"src/nightporter/{path}.py"], extra_compile_args=["-O2", "-w"], optional=True
        )
        for path in HOT
    ]
    # annotations are for mypy: int means Python's int, which has no limit
    directives = {"language_level": 3, "annotation_typing": False, "boundscheck": False, "wraparound": True}
    built: list[Extension] = cythonize(hot, compiler_directives=directives, build_dir="build/c", quiet=True)
    return built


setup(ext_modules=extensions())
