"""How a file gets through: out of the watched folder into the hub's own, from there to `done` or `failed`. Blocking.

A file that is begun lies in `.ctihub/FEED/CLAIM-ATTEMPT/NAME` below the watched folder: nobody writes over it there,
and how often it was begun outlives the hub. All moves stay within one file system and go from folder to folder by their
descriptors, so that no link in between leads anywhere else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from hub.config.inbound import FolderWatch
from hub.domain.event import new_id

OWN: Final = ".ctihub"
MAX_NAME_BYTES: Final = 255
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_ROOM_FOR_NUMBER: Final = 12
_NO_LINKS_HERE: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class FolderError(Exception):
    """The folder can't be worked with as it is; the message says why and what to do."""


class Claim(NamedTuple):
    """A file that this hub has taken out of the folder: `attempt` is how often it was begun, `name` safe to show."""

    id: str
    attempt: int
    name: str
    path: Path


def shown(name: str) -> str:
    """Return a file's name as text that can be printed and stored: what can't is percent-encoded, as are bytes.

    At most 255 bytes long, as file systems have it; the end with the suffix stays.
    """
    parts = []
    for character in name:
        if character.isprintable() and character != "/" and not "\ud800" <= character <= "\udfff":
            parts.append(character)
        else:
            parts += [f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape")]
    return _shortened("".join(parts))


def _shortened(name: str, room: int = 0) -> str:
    too_long = len(name.encode()) + room - MAX_NAME_BYTES
    if too_long <= 0:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 20:  # noqa: PLR2004 - that is no suffix
        stem, dot, suffix = name, "", ""
    return stem.encode()[:-too_long].decode(errors="ignore") + dot + suffix


class FolderMoves:
    """The moves of one feed's files. Every method raises FolderError in plain words when the folder can't be used."""

    def __init__(self, watch: FolderWatch, feed: str) -> None:
        self._watch = watch
        self._feed = feed
        self._own = f"{OWN}/{feed}"

    def check(self) -> None:
        """See that files can be read and moved, as far as the folders are there; nothing is made."""
        self._look_through(make=False)

    def prepare(self) -> None:
        """Make the folders that are missing, and see that files can be moved to each before one is begun."""
        self._look_through(make=True)

    def _look_through(self, *, make: bool) -> None:
        with self._opened() as root:
            device = os.fstat(root).st_dev
            for name in (".", self._own, self._watch.done, self._watch.failed):
                if not make and not Path(self._watch.path, name).exists():
                    continue
                with self._within(root, name, make=make) as folder:
                    if os.fstat(folder).st_dev != device:
                        raise FolderError(
                            f"folder {self._place(name)} is on another file system than {self._watch.path}: "
                            "files are only moved within one; name a folder on the same"
                        )
                if not os.access(Path(self._watch.path, name), os.R_OK | os.W_OK | os.X_OK):
                    raise FolderError(
                        f"folder {self._place(name)}: the hub's user may not move files there: "
                        "give it the right to read and write"
                    )

    def left_over(self) -> list[Claim]:
        """Return what was taken out earlier and is not through, in the order in which it was taken.

        A marker whose file had not followed yet when the hub ended goes back to where it lay.
        """
        claims = []
        with self._opened() as root, self._within(root, self._own) as own:
            for folder in _names(own):
                claim_id, _, attempt = folder.rpartition("-")
                if not (claim_id and attempt.isdecimal()):
                    continue  # not of the hub's making
                with self._within(own, folder, make=False) as claimed:
                    names = [name for name in _names(claimed) if not self._is_marker(name)]
                    if names:
                        path = Path(self._watch.path, self._own, folder, names[0])
                        claims.append(Claim(claim_id, int(attempt), names[0], path))
                        continue
                    for marker in _names(claimed):
                        with suppress(FileExistsError):
                            _move(claimed, marker, root, marker)
                self._remove_folder(own, folder)
        return claims

    def claim(self, name: str) -> Claim | None:
        """Take a file out of the folder, its marker with it; None if it is not there any more, or no file now."""
        claim_id = new_id()
        with self._opened() as root, self._within(root, self._own) as own:
            folder = f"{claim_id}-0"
            with self._within(own, folder) as claimed:
                try:
                    if self._watch.marker:
                        # The marker first: left behind it would call the next file of that name complete.
                        os.rename(
                            name + self._watch.marker, name + self._watch.marker, src_dir_fd=root, dst_dir_fd=claimed
                        )
                    os.rename(name, shown(name), src_dir_fd=root, dst_dir_fd=claimed)
                except FileNotFoundError:
                    is_ours = False
                else:
                    is_ours = stat.S_ISREG(os.lstat(shown(name), dir_fd=claimed).st_mode)
                    if not is_ours:
                        _move(claimed, shown(name), root, name)
            if not is_ours:
                self._remove_folder(own, folder)
                return None
        return Claim(claim_id, 0, shown(name), Path(self._watch.path, self._own, folder, shown(name)))

    def begin(self, claim: Claim) -> Claim:
        """Count one more attempt, where it outlives the hub."""
        return self._counted(claim, claim.attempt + 1)

    def not_begun(self, claim: Claim) -> Claim:
        """Take back what `begin` counted, where it was not the file that went wrong."""
        return self._counted(claim, claim.attempt - 1)

    def free_place(self, claim: Claim, target: str) -> Path:
        """Return where in `target` the file can go: with a number if its name is taken by another."""
        with self._opened() as root, self._within(root, target) as folder:
            return self._place(target) / _free_name(folder, claim.name, claim.path.lstat().st_ino)

    def settle(self, claim: Claim, target: str, place: Path) -> None:
        """Move the file to `place` in the folder `target`, and forget it. FileExistsError if the name is taken now."""
        with self._opened() as root, self._within(root, self._own) as own:
            folder = f"{claim.id}-{claim.attempt}"
            with self._within(own, folder, make=False) as claimed, self._within(root, target) as there:
                _move(claimed, claim.name, there, place.name)
            self._remove_folder(own, folder)

    def _counted(self, claim: Claim, attempt: int) -> Claim:
        folder = f"{claim.id}-{attempt}"
        with self._opened() as root, self._within(root, self._own) as own:
            os.rename(f"{claim.id}-{claim.attempt}", folder, src_dir_fd=own, dst_dir_fd=own)
        path = Path(self._watch.path, self._own, folder, claim.name)
        return claim._replace(attempt=attempt, path=path)

    def _is_marker(self, name: str) -> bool:
        return bool(self._watch.marker) and name.endswith(self._watch.marker)

    def _place(self, target: str) -> Path:
        return Path(os.path.normpath(Path(self._watch.path, target)))

    def _remove_folder(self, own: int, folder: str) -> None:
        """Remove a claim's folder with what the hub itself has put there."""
        with self._within(own, folder, make=False) as claimed:
            for name in _names(claimed):
                if self._is_marker(name):
                    os.unlink(name, dir_fd=claimed)
        os.rmdir(folder, dir_fd=own)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        path = self._watch.path
        try:
            descriptor = os.open(path, _FOLDER)
        except FileNotFoundError:
            raise FolderError(
                f"there is no folder {path}: make it, or correct `folder.path` of feed {self._feed}"
            ) from None
        except OSError as error:
            raise FolderError(f"folder {path} can't be read: {error.strerror}") from error
        try:
            yield descriptor
        except (FileExistsError, FolderError):
            raise
        except OSError as error:
            raise FolderError(
                f"folder {path}: files can't be moved in it: {error.strerror} ({error.filename})"
            ) from error
        finally:
            os.close(descriptor)

    @contextmanager
    def _within(self, root: int, target: str, *, make: bool = True) -> Iterator[int]:
        """Open a folder below, made if need be, through no link; an absolute one is the administrator's as it is."""
        parts: tuple[str, ...] = ()
        if Path(target).is_absolute():
            Path(target).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(target, _FOLDER)
        else:
            descriptor, parts = os.dup(root), Path(target).parts
        try:
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o700 if part == OWN else 0o777, dir_fd=descriptor)
                try:
                    inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
                except OSError as error:
                    if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                        raise
                    raise FolderError(
                        f"{self._place(target)}: {part} has to be a folder, and no link: the hub moves files only there"
                    ) from error
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def _free_name(folder: int, name: str, inode: int) -> str:
    """Return a name that nothing has there, except the file itself where a kill cut its move in half."""
    stem, dot, suffix = _shortened(name, _ROOM_FOR_NUMBER).rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    candidate, number = name, 1
    while _inode(folder, candidate) not in (None, inode):
        candidate = f"{stem}-{number}{dot}{suffix}"
        number += 1
    return candidate


def _inode(folder: int, name: str) -> int | None:
    try:
        return os.lstat(name, dir_fd=folder).st_ino
    except FileNotFoundError:
        return None


def _move(source: int, name: str, target: int, new_name: str) -> None:
    """Move and never overwrite: a second name, then the first one goes. Raises FileExistsError.

    A hub that is killed in between finds its own file under the second name, and ends the move.
    """
    try:
        os.link(name, new_name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
    except FileExistsError:
        if _inode(source, name) != _inode(target, new_name):
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS_HERE:
            raise
        # A file system without hard links: between the look and the move only another hub could take the name.
        if _inode(target, new_name) is not None:
            raise FileExistsError(errno.EEXIST, "there already", new_name) from None
        os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)
        return
    os.unlink(name, dir_fd=source)
