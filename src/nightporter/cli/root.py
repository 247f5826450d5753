"""How every command ends: the root of the command line turns what we expect to go wrong into one line and a status.

Status 1: it could not be done; 2: it was not asked for in the right way. A traceback is a defect of ours.
"""

from __future__ import annotations

import errno
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from nightporter.core.error import NightporterError

from .render import complain

# Typer carries Click inside in newer versions and depends on it in older ones: the bases are the same in both.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]

FAILED = 1
USAGE = 2
INTERRUPTED = 130  # as shells have it: 128 + SIGINT


class Root(TyperGroup):
    """The outermost group."""

    def main(self, *args: Any, standalone_mode: bool = True, **options: Any) -> Any:
        """Run, and leave the process with the command's status (unless `standalone_mode` is off)."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **options)
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")  # a terminal without Unicode shows codes instead of failing
        _leave(self._run(*args, **options))

    def _run(self, *args: Any, **options: Any) -> int:
        try:
            status = super().main(*args, standalone_mode=False, **options)
            sys.stdout.flush()
        except NightporterError as error:
            complain("error", str(error))
            return FAILED
        except _USAGE_ERROR as error:
            complain("error", _usage(error))
            return USAGE
        except BrokenPipeError:
            _silence()  # whoever read our output has enough
            return FAILED
        except OSError as error:
            if error.errno == errno.EPIPE:
                _silence()
                return FAILED
            complain("error", f"{error.strerror or error}: `{error.filename}`" if error.filename else str(error))
            return FAILED
        except (KeyboardInterrupt, typer.Abort):
            return INTERRUPTED
        return status if isinstance(status, int) else 0


def _usage(error: Exception) -> str:
    """The complaint on one line, and where to read more."""
    format_message = getattr(error, "format_message", None)
    message = str(format_message() if format_message is not None else error).strip()
    context = getattr(error, "ctx", None)
    message = " ".join(message.split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    return f"{message} (see `{context.command_path} --help`)" if context is not None else message


def _silence() -> None:
    """Nothing more can be written; the interpreter would complain about that at its end."""
    sys.stdout = open("/dev/null", "w")  # noqa: SIM115 - until the process ends


def _leave(status: int) -> NoReturn:
    sys.exit(status)
