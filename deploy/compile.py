"""`python -m deploy.compile`: leave a module beside every .pyx below services/ in this folder, where that is news.

Needs a C compiler and Python.h, and nothing of the project but the files it compiles.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import picows
from Cython.Build import cythonize
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

# What indexes are checked against is written where they are used: slots have two bytes, frames up one length.
DIRECTIVES: Final = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True}
# Another picows lays its objects out in another way.
GIVEN: Final = [str(path) for path in Path(picows.__file__).parent.glob("*.pxd")]


def main() -> None:
    """Raises what Cython and the C compiler say."""
    sources = sorted(Path().glob("services/**/*.pyx"))
    modules = [Extension(".".join(path.with_suffix("").parts), [str(path)], depends=GIVEN) for path in sources]
    made = cythonize(  # type: ignore[no-untyped-call]
        modules, compiler_directives=DIRECTIVES, quiet=True
    )
    build = build_ext(Distribution({"name": "virtubar", "packages": [], "ext_modules": made}))
    with TemporaryDirectory() as objects, TemporaryDirectory(dir=".", prefix=".compiled-") as modules_folder:
        build.build_temp, build.build_lib = objects, modules_folder
        build.ensure_finalized()
        build.run()
        for module in Path(modules_folder).glob("**/*.so"):  # never written over: somebody may be running it
            module.replace(module.relative_to(modules_folder))


if __name__ == "__main__":
    main()
