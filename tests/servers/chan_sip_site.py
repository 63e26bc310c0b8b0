"""The same sites with their phones and trunk on chan_sip, which Asterisk had until version 20, instead of PJSIP."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers.asterisk_configuration import Site

FOLDER = Path(__file__).with_name("chan_sip")
_MODULES_OF_PJSIP = re.compile(r"^(?:load|require) = (?:res_|chan_|func_)pjsip\w*\.so\n", re.MULTILINE)


@dataclass(frozen=True)
class ChanSipSite(Site):
    """A site whose devices are SIP/1001 instead of PJSIP/1001: same dialplan, queues and numbers."""

    technology: str = "SIP"

    def write(self, target: Path, values: Mapping[str, str]) -> None:
        """Put the files into the folder `target`, then turn what is said of PJSIP there."""
        super().write(target, values)
        Site(FOLDER, ()).write(target, values)
        for file in target.glob("*.conf"):
            text = file.read_text().replace("PJSIP/", "SIP/").replace("CHANNEL(endpoint)", "CHANNEL(peername)")
            if file.name == "modules.conf":
                text = _MODULES_OF_PJSIP.sub("", text) + "\nrequire = chan_sip.so\n"
            file.write_text(text)


def by_chan_sip(site: Site | None) -> ChanSipSite:
    """Return that site, the project's own for None, with chan_sip."""
    if site is None:
        return ChanSipSite(FOLDER, ())
    return ChanSipSite(site.folder, site.phones, site.added, site.values)
