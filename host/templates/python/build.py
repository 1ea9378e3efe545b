"""Makes `compiled.wasm`: the policy, and the Python interpreter that runs it, as one component."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOL = Path(sys.executable).with_name("componentize-py")
WORLD = ["--wit-path", "wit", "--world", "policy"]


def run(*arguments: str) -> None:
    """Runs the toolchain in this folder, and ends with it where it fails."""
    ended = subprocess.run([TOOL, *arguments], cwd=HERE, check=False)
    if ended.returncode != 0:
        sys.exit(ended.returncode)


def bindings() -> None:
    """Writes what `policy.py` imports, for tests and editors; the component has its own."""
    shutil.rmtree(HERE / "bindings", ignore_errors=True)
    run("--quiet", *WORLD, "bindings", "bindings")


def component() -> None:
    """A policy has no system: without the stubs there would be 24 imports, and the host refuses them."""
    run(*WORLD, "componentize", "--stub-wasi", "--output", "compiled.wasm", "policy")


if __name__ == "__main__":
    bindings()
    if sys.argv[1:] != ["bindings"]:
        component()
