"""Keeps the stock engine from looking for GDAL, a library for maps that Atlas does not use.

It looks three times for twelve names, and each look asks the compiler and the linker of the machine: 180 processes, a
quarter of what any command of Atlas needs to start.
"""

import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_gdal() -> Iterator[None]:
    """Let every library be missing for what is imported within: the stock engine then does without its maps."""
    find_library = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = find_library
