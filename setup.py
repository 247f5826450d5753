"""The optional part of the build: hot files, compiled.

Each file in HOT has a `.pxd` beside it and runs as it stands. Its compiled twin has the same name with an underscore in front;
`nightporter.compiled` chooses between them. Without a C compiler the build goes on without twins.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import Extension, setup

OUT = Path("build/compiled")
HOT = ["src/nightporter/protocols/postgres/framing.py"]


def twins() -> list[Extension]:
    try:
        from Cython.Build import cythonize
    except ImportError:
        return []
    extensions = []
    for hot in map(Path, HOT):
        twin = Path(OUT, *hot.parts[1:]).with_name(f"_{hot.name}")
        twin.parent.mkdir(parents=True, exist_ok=True)
        for package in (twin.parent, *twin.parent.parents):  # Cython finds the `.pxd` by the package's folders
            if package == OUT:
                break
            (package / "__init__.py").touch()
        shutil.copyfile(hot, twin)
        shutil.copyfile(hot.with_suffix(".pxd"), twin.with_suffix(".pxd"))
        name = ".".join((*hot.parts[1:-1], f"_{hot.stem}"))
        extensions.append(Extension(name, [str(twin)], extra_compile_args=["-O2"], optional=True))
    directives = {"language_level": 3, "boundscheck": False, "wraparound": False, "annotation_typing": False}
    built: list[Extension] = cythonize(extensions, compiler_directives=directives, include_path=[str(OUT)], quiet=True)
    return built


setup(ext_modules=twins())
