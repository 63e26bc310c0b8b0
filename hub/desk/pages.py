"""The built pages as files, with headers that let a browser run nothing but them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from aiohttp import hdrs, web

STATIC_DIR = Path(__file__).with_name("static")

# Hashed by the bundler, as in chunk-5GQHJ3WE.js: a new content is a new name.
_HASHED = re.compile(r"-[A-Z0-9]{8}\.[a-z0-9.]+$")
_LONGEST_PATH = 200
_NOT_BUILT = "The agents' pages are not built yet. Run `make setup` and reload.\n"

# Said here, for a system's own table may call a script plain text, and then no browser runs it.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

CROSS_ORIGIN_RESOURCE = "Cross-Origin-Resource-Policy"
"""Says whose pages may show a file; one that is meant for other sites' says so itself."""

SECURITY_HEADERS: dict[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    CROSS_ORIGIN_RESOURCE: "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Server": "ctihub",
}
STRICT_TRANSPORT = "max-age=31536000"


class Pages:
    """Serves the files below one folder, and nothing else."""

    def __init__(self, folder: Path = STATIC_DIR) -> None:
        self._folder = folder

    def add_to(self, application: web.Application) -> None:
        application.router.add_get("/", self._index)
        application.router.add_get("/{path:(?!api/).+}", self._file)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return self._reply("index.html") or web.Response(status=503, text=_NOT_BUILT)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        reply = self._reply(request.match_info["path"])
        if reply is None:
            raise web.HTTPNotFound
        return reply

    def _reply(self, name: str) -> web.StreamResponse | None:
        path = PurePosixPath(name)
        hidden = any(part.startswith(".") for part in path.parts)
        if hidden or path.is_absolute() or "\\" in name or "\0" in name or len(name) > _LONGEST_PATH:
            return None
        file = self._folder / path
        if not file.is_file() or not file.resolve().is_relative_to(self._folder.resolve()):
            return None
        lasting = "public, max-age=31536000, immutable" if _HASHED.search(path.name) else "no-cache"
        content_type = _TYPES.get(path.suffix, "application/octet-stream")
        return web.FileResponse(file, headers={hdrs.CACHE_CONTROL: lasting, hdrs.CONTENT_TYPE: content_type})
