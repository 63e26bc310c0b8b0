"""The installed version of ctihub."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("ctihub")
except PackageNotFoundError:
    # Run from a source tree that was not installed.
    VERSION = "0+unknown"
