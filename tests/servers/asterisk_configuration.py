"""The project's own Asterisk configuration, as docker/asterisk/render.sh writes it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docker" / "asterisk"
PHONES = ("1001", "1002", "1003", "1004")


def render(target: Path, values: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Write the configuration to the folder `target`; the answer's status and stderr tell how it went."""
    return subprocess.run(
        ["sh", str(FOLDER / "render.sh"), str(target)],
        env={"PATH": os.environ["PATH"], **values},
        check=False,
        capture_output=True,
        text=True,
    )


@dataclass(frozen=True)
class Site:
    """Files that take the place of the project's own, as another site would have written them, and its phones.

    What the files named by `added` say is added to the project's own instead; `values` are some that only they name.
    """

    folder: Path
    phones: tuple[str, ...]
    added: tuple[str, ...] = ("modules.conf",)
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    technology: str = "PJSIP"

    def write(self, target: Path, values: Mapping[str, str]) -> None:
        """Put the files into the folder `target`, every @NAME@ replaced by its value."""
        for file in sorted(self.folder.glob("*.conf")):
            text = file.read_text()
            for name, value in {**values, **self.values}.items():
                text = text.replace(f"@{name}@", value)
            goal = target / file.name
            if file.name in self.added:
                text = goal.read_text() + text
            goal.write_text(text)


OTHER_SITE = Site(Path(__file__).with_name("other_site"), ("alice-desk.1", "Bob_B", "CHEN-2"))
"""Two trunks, phones with names, menus, Local channels and queues within queues."""

FEATURES_SITE = Site(Path(__file__).with_name("features_site"), ())
"""The project's phones and trunk, with what phones do during a call: codes, parking, pick-up, conferences."""

QUEUES_SITE = Site(Path(__file__).with_name("queues_site"), (), ("extensions.conf", "modules.conf", "queues.conf"))
"""The project's own, and further queues, groups, forwarding, mailboxes and a menu."""


def branch_office(secret: str) -> Site:
    """Return the project's own, with a trunk from the head office, which signs in with `secret`."""
    folder = Path(__file__).with_name("branch_office")
    return Site(folder, (), ("extensions.conf", "pjsip.conf"), {"BRANCH_SECRET": secret})


def head_office(branch_port: int, secret: str) -> Site:
    """Return the project's own, with a trunk to the branch office at that port of this machine."""
    values = {"BRANCH_PORT": str(branch_port), "BRANCH_SECRET": secret}
    return Site(Path(__file__).with_name("head_office"), (), ("extensions.conf", "pjsip.conf"), values)
