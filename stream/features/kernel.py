"""How the numeric kernels are compiled: cached on disk, the interpreter's lock released, no fast maths."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., object])


def kernel(function: _Function) -> _Function:
    """Compile with numba.

    The cache looks at the text of the function's own file alone, not at its time: after an
    edit of a kernel that another file's kernel calls, delete the cache, or the old one runs.
    """
    return cast("_Function", njit(cache=True, nogil=True, fastmath=False)(function))
