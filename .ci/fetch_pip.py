# ruff: noqa: INP001 - a script that the shell calls is no package
"""fetch_pip.py FOLDER: download the newest pip into FOLDER and print the wheel's path.

For a Python without ensurepip, which Debian keeps in a package that only root may install. PIP_INDEX_URL names the
index, as for pip itself; it is read as HTML, which every index answers in (PEP 503). Standard library only.
"""

import hashlib
import html
import os
import re
import ssl
import sys
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import urlopen

# No pre-release: those have letters in the version.
WHEEL = re.compile(r"pip-(\d+(?:\.\d+)+)-py3-none-any\.whl")
LINK = re.compile(r'<a\s[^>]*?href="([^"]+)"')
TIMEOUT_S = 60.0


def newest(page: str) -> str:
    """Return the link to the newest pip of an index page; ValueError when it has none with a hash."""
    links = {}
    for quoted in LINK.findall(page):
        link = html.unescape(quoted)
        name = WHEEL.fullmatch(Path(urlsplit(link).path).name)
        if name is not None and urlsplit(link).fragment.startswith("sha256="):
            links[tuple(int(part) for part in name[1].split("."))] = link
    if not links:
        raise ValueError("the index has no pip")
    return links[max(links)]


def read(url: str) -> bytes:
    """Return what an https address answers; OSError when it does not, ValueError for another scheme."""
    if urlsplit(url).scheme != "https":
        raise ValueError(f"pip is fetched over https only, not from {url}")
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
    with urlopen(url, timeout=TIMEOUT_S, context=context) as reply:  # noqa: S310 - the scheme is looked at above
        content: bytes = reply.read()
    return content


def main() -> int:
    """Return 1, with the reason on standard error, when pip can't be had."""
    named = os.environ.get("PIP_INDEX_URL")
    if not named:
        sys.stderr.write("fetch_pip: PIP_INDEX_URL is not set: name the package index to take pip from\n")
        return 1
    index = f"{named.rstrip('/')}/pip/"
    try:
        link = urljoin(index, newest(read(index).decode()))
        address, fragment = urldefrag(link)
        wheel = read(address)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"fetch_pip: {error}\n")
        return 1
    if hashlib.sha256(wheel).hexdigest() != fragment.removeprefix("sha256="):
        sys.stderr.write(f"fetch_pip: {address} is not what the index says it is\n")
        return 1
    target = Path(sys.argv[1], Path(urlsplit(address).path).name)
    target.write_bytes(wheel)
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
