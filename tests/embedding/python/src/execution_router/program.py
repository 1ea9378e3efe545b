"""The program `execution-router`: where it is, and commands of it that are run to their end.

Refuses to guess: an explicit program that is not there is an error, and no other is taken for it.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from .errors import CommandFailed, ProgramNotFound

Location: TypeAlias = str | os.PathLike[str]
"""A path."""

ENVIRONMENT_VARIABLE = "EXECUTION_ROUTER"
NAME = "execution-router"
COMMAND_SECONDS_MAX = 60.0
"""How long a command may take: the slowest, `swap`, proves a policy, and may have to compile it first."""


def find_program(program: Location | None = None) -> str:
    """The program: the argument, else what `EXECUTION_ROUTER` says, else `execution-router` on the PATH.

    Raises `ProgramNotFound`, which says where it was looked for.
    """
    if program is not None:
        return _checked(os.fspath(program), "the argument `program`")
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return _checked(named, f"the environment variable {ENVIRONMENT_VARIABLE}")
    found = shutil.which(NAME)
    if found is None:
        raise ProgramNotFound(
            f"there is no `{NAME}` on the PATH; install it with `cargo install --locked --path host`, "
            "or say where it is with the argument `program` or the environment variable "
            f"{ENVIRONMENT_VARIABLE}"
        )
    return found


def run_command(
    program: str, arguments: Sequence[str], *, seconds: float = COMMAND_SECONDS_MAX
) -> tuple[int, str, str]:
    """Runs a command to its end: exit code 0 or 1, standard output, standard error.

    Raises `CommandFailed` for any other exit code, and when it takes longer than `seconds`.
    """
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandFailed(arguments[0], -9, f"it was ended after {seconds:g} s") from None
    if done.returncode not in (0, 1):
        raise CommandFailed(arguments[0], done.returncode, done.stderr.strip())
    return done.returncode, done.stdout, done.stderr


def _checked(path: str, said_by: str) -> str:
    found = shutil.which(path)
    if found is None:
        raise ProgramNotFound(f"{said_by} says `{path}`, and there is no program there")
    return str(Path(found).absolute())
