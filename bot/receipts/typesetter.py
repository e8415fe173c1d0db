"""Running the typesetter, whose own bugs must not end a job."""

from typing import Any

import typst

PANIC_NAME = "PanicException"


class TypesetterCrashed(Exception):
    """A bug of the typesetter, which some texts cause, such as Hebrew accents beside other signs."""


def compile_pdf(compiler: typst.Compiler, **options: Any) -> bytes:
    """Raises TypstError and TypesetterCrashed."""
    try:
        pdf = compiler.compile(format="pdf", **options)
    except Exception:
        raise
    except BaseException as error:
        # A panic of its Rust code isn't an Exception: it would end the job, for everybody's notices.
        if type(error).__name__ != PANIC_NAME:
            raise
        raise TypesetterCrashed(str(error)) from None
    assert isinstance(pdf, bytes), "without an output path, the compiler returns bytes"
    return pdf
