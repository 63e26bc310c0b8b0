"""`ctihub init --from-asterisk`: from the files of many kinds of sites to a configuration that lint accepts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from hub.config.load import load_config
from hub.config.model import AgentSection, Config
from tests.servers.asterisk_configuration import FOLDER, OTHER_SITE
from tests.unit.cli.conftest import Ctihub

ENVIRONMENT = {"AMI_SECRET": "s3cret-ami", "API_TOKEN": "s3cret-token"}
SECRET = "Nobody-May-See-This"


class Site:
    """A folder of Asterisk's files, and what init makes of it."""

    def __init__(self, folder: Path, ctihub: Ctihub) -> None:
        self._folder = folder
        self._ctihub = ctihub
        self.said = ""

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self._folder / "asterisk" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def propose(self, folder: str | Path = "asterisk") -> Path:
        """Run init; return what it wrote, which holds and shows no secret."""
        done = self._ctihub("init", "--from-asterisk", str(folder))
        assert 0 == done.returncode, done.stderr
        self.said = done.stdout
        path = self._folder / "ctihub.yaml"
        self.text = path.read_text()
        assert SECRET not in self.said + self.text
        return path

    def init(self, folder: str | Path = "asterisk") -> Config:
        """Run init, then lint, which finds nothing wrong; return the configuration."""
        path = self.propose(folder)
        linted = self._ctihub("lint", environment=ENVIRONMENT)
        assert "1 file checked, nothing wrong\n" == linted.stdout
        return load_config(path, ENVIRONMENT)

    def forget(self) -> None:
        """Remove what was proposed: init writes over nothing."""
        (self._folder / "ctihub.yaml").unlink()

    def refused(self, folder: str) -> subprocess.CompletedProcess[str]:
        done = self._ctihub("init", "--from-asterisk", folder)
        assert 2 == done.returncode
        assert not (self._folder / "ctihub.yaml").exists()
        return done


@pytest.fixture
def site(tmp_path: Path, ctihub: Ctihub) -> Site:
    return Site(tmp_path, ctihub)


def agent(name: str, *devices: str, queues: tuple[str, ...] = ()) -> AgentSection:
    return AgentSection(name=name, devices=devices, queues=queues)


def test_the_shipped_asterisk_gives_the_agents_it_was_made_for(site: Site) -> None:
    """Account, trunk, context, four people with their phones and queues; nothing is left unread."""
    config = site.init(FOLDER / "etc")

    main = config.pbx["main"]
    assert ("hub", 5038, ("PJSIP/trunk",)) == (main.username, main.port, main.trunks)
    assert "from-phones" == main.control.context
    assert {
        "alice": agent("Alice", "PJSIP/1001", queues=("support", "sales")),
        "bob": agent("Bob", "PJSIP/1002", queues=("support", "sales")),
        "chen": agent("Chen", "PJSIP/1003", queues=("support", "sales")),
        "dora": agent("Dora", "PJSIP/1004", queues=("sales",)),
    } == config.agents
    assert "4 agents, 1 trunk, 3 queues" in site.said
    assert not re.search(r"\.conf:\d+: ", site.said)


def test_another_sites_local_members_are_known_by_the_phone_behind_them(site: Site) -> None:
    """Two trunks, phones with names, members by way of the dialplan."""
    config = site.init(OTHER_SITE.folder)

    assert ("PJSIP/trunk-1", "PJSIP/2nd.Carrier") == config.pbx["main"].trunks
    assert ["alice", "bob", "chen"] == list(config.agents)
    assert ("PJSIP/alice-desk.1",) == config.agents["alice"].devices
    assert {"local-staying", "local-optimised", "alice-only"} < set(config.agents["alice"].queues)
    assert ("plain",) == config.agents["chen"].queues
    assert "inside" == config.pbx["main"].control.context
    assert "manager.conf has no account for the hub yet" in site.text


def test_an_old_site_of_chan_sip(site: Site) -> None:
    """sip.conf with a registration, agents.conf, voicemail names, and members by hint, by Local and by agent."""
    site.write(
        {
            "sip.conf": f"""
[general]
context=default
register => 4930123:{SECRET}@sip.carrier.example/4930123
#include sip_phones.conf
[carrier]
type=friend
host=sip.carrier.example
secret={SECRET}
context=calls
[branch]
type=peer
host=192.0.2.7
insecure=port,invite
context=calls
""",
            "sip_phones.conf": f"""
[phone](!)
type=friend
host=dynamic
context=staff
[201](phone)
secret={SECRET}
callerid="Müller, Anna" <201>
[202](phone)
secret={SECRET}
mailbox=202@default
[203](phone)
secret={SECRET}
[204](phone)
""",
            "voicemail.conf": f"[general]\nformat=wav\n[default]\n202 => {SECRET},Bernd Beispiel,b@example.com\n",
            "agents.conf": f"[general]\n[agents]\nagent => 301,{SECRET},Clara Zell\nagent => 302,,Bernd Beispiel\n",
            "queues.conf": """
[general]
[hotline]
member => Local/201@staff/n,0
member => Local/999@gone/n,0,Bernd,hint:202@staff
member => Agent/301
member => Agent/302,1
member => Local/555@nowhere/n
[night shift]
member => SIP/203
""",
            "extensions.conf": """
[staff]
include => phones
exten => 202,hint,SIP/202&SIP/202-soft
[phones]
exten => _2XX,1,NoOp(${EXTEN}\\;)
exten => 201,1,NoOp()
same => n,Dial(SIP/201,20,tT)
""",
            "manager.conf": f"[general]\nenabled = no\nport=5039\nbindaddr=0.0.0.0\n[cti]\nsecret={SECRET}\nread=all\n",
        }
    )
    config = site.init()

    assert {
        "muller-anna": agent("Müller, Anna", "SIP/201", queues=("hotline",)),
        "bernd-beispiel": agent("Bernd Beispiel", "SIP/202", "Agent/302", queues=("hotline",)),
        "clara-zell": agent("Clara Zell", "Agent/301", queues=("hotline",)),
        "agent-203": agent("agent-203", "SIP/203"),
        "agent-204": agent("agent-204", "SIP/204"),
    } == config.agents
    main = config.pbx["main"]
    assert (("SIP/carrier", "SIP/branch"), "cti", "127.0.0.1", 5039) == (
        main.trunks,
        main.username,
        main.host,
        main.port,
    )
    assert "queues.conf:8: whose phone 'Local/555@nowhere/n' is can't be told from the dialplan" in site.said
    assert "queues.conf:9: [night shift] can't be a queue of ctihub" in site.said
    assert "manager.conf:1: the manager interface is off" in site.said
    assert "# write = system,call,agent,user,originate,reporting" in site.text
    assert "# read =" not in site.text.partition("pbx:")[0]


def test_every_way_to_know_a_trunk(site: Site) -> None:
    """By address, registration, fixed contact, outbound sign-in, context, and pjsip_wizard.conf; phones are none."""
    site.write(
        {
            "pjsip.conf": f"""
[by-address]
type=endpoint
[who]
type=identify
endpoint=by-address
match=192.0.2.1
[registers]
type=endpoint
outbound_auth=login
[login]
type=auth
password={SECRET}
[reg]
type=registration
outbound_auth=login
[fixed]
type=endpoint
aors=fixed-aor
[fixed-aor]
type=aor
contact=sip:192.0.2.2
[by-context]
type=endpoint
auth=by-context
context=from-pstn
[anonymous]
type=endpoint
context=from-pstn
[phone]
type=endpoint
auth=phone
aors=phone
context=inside
[known-phone]
type=endpoint
auth=known-phone
[known]
type=identify
endpoint=known-phone
[no space]
type=endpoint
auth=x
""",
            "pjsip_wizard.conf": f"""
[itsp]
type=wizard
sends_registrations=yes
outbound_auth/password={SECRET}
[peer]
type=wizard
remote_hosts=192.0.2.9
[desk]
type=wizard
accepts_auth=yes
endpoint/callerid=Desk <77>
endpoint/context=inside
""",
        }
    )
    config = site.init()

    expected = ("by-address", "registers", "fixed", "by-context", "itsp", "peer")
    assert tuple(f"PJSIP/{name}" for name in expected) == config.pbx["main"].trunks
    assert {"PJSIP/phone", "PJSIP/known-phone", "PJSIP/desk"} == {
        device for one in config.agents.values() for device in one.devices
    }
    assert "pjsip.conf:41: [no space] can't be a device of ctihub" in site.said


def test_two_phones_of_one_person_are_one_agent_and_namesakes_are_two(site: Site) -> None:
    """One name and number: one person. The same name with another number: somebody else, with an id of their own."""
    site.write(
        {
            "pjsip.conf": """
[phone](!)
type=endpoint
auth=x
[1](phone)
callerid=Kim Lee <10>
[1-web](phone)
callerid="Kim Lee" <10>
[2](phone)
callerid=Kim Lee <11>
[3](phone)
callerid=李雷 <12>
[4](phone)
callerid=device <13>
""",
        }
    )
    assert {
        "kim-lee": agent("Kim Lee", "PJSIP/1", "PJSIP/1-web"),
        "kim-lee-2": agent("Kim Lee", "PJSIP/2"),
        "agent-3": agent("李雷", "PJSIP/3"),
        "agent-13": agent("13", "PJSIP/4"),
    } == site.init().agents


@pytest.mark.parametrize(
    ("general", "expected"),
    [
        ("enabled=yes", ("127.0.0.1", 5038, False)),
        ("enabled=yes\nbindaddr=192.0.2.5\nport=6000", ("192.0.2.5", 6000, False)),
        ("enabled=yes\ntlsenable=yes\ntlsbindaddr=192.0.2.5:5999", ("192.0.2.5", 5999, True)),
        ("enabled=yes\ntlsenable=yes\nbindaddr=0.0.0.0", ("127.0.0.1", 5039, True)),
        ("enabled=yes\ntlsenable=yes\ntlsbindaddr=[2001:db8::1]:5999", ("2001:db8::1", 5999, True)),
        ("enabled=yes\ntlsenable=yes\nbindaddr=127.0.0.1", ("127.0.0.1", 5038, False)),
        ("enabled=yes\nport=99999999999", ("127.0.0.1", 5038, False)),
    ],
)
def test_where_the_manager_interface_listens(site: Site, general: str, expected: tuple[str, int, bool]) -> None:
    """Address, port and TLS; an address that means all of them is one's own."""
    site.write({"manager.conf": f"[general]\n{general}\n[x]\nsecret={SECRET}\n"})
    main = site.init().pbx["main"]
    assert expected == (main.host, main.port, main.tls is not None)


def test_the_account_that_fits_best_is_taken(site: Site) -> None:
    """One with all that is needed and no more; not one that is switched off."""
    rights = "read=system,call,agent,user,dialplan,dtmf\nwrite=system,call,agent,user,originate,reporting"
    site.write(
        {
            "manager.conf": f"""
[general]
enabled=yes
[admin]
secret={SECRET}
read=all
write=all
[wallboard]
secret={SECRET}
read=agent
[off]
enabled=no
{rights}
[cti]
secret={SECRET}
{rights}
"""
        }
    )
    assert "cti" == site.init().pbx["main"].username
    assert "lacks" not in site.text


def test_contexts_may_include_each_other_without_an_end(site: Site) -> None:
    """Asterisk knows no limit to that: a member is found behind all of them, and in a circle none is."""
    chain = "".join(f"[c{number}]\ninclude => c{number + 1}\n" for number in range(3000))
    site.write(
        {
            "pjsip.conf": "[1001]\ntype=endpoint\nauth=x\n",
            "queues.conf": "[deep]\nmember => Local/1@c0/n\n[round]\nmember => Local/2@c0/n\n",
            "extensions.conf": f"{chain}[c3000]\ninclude => c0\nexten => 1,1,Dial(PJSIP/1001)\n",
        }
    )
    (agent,) = site.init().agents.values()
    assert ("deep",) == agent.queues
    assert "queues.conf:4: whose phone 'Local/2@c0/n' is can't be told from the dialplan" in site.said


def test_hostile_values_stay_what_they_are(site: Site) -> None:
    """Names made to break YAML, to read the environment or to colour a terminal are names and nothing else."""
    names = [
        "a: b",
        "- x",
        "#comment",
        "{x: y}",
        "[x]",
        "&a",
        "*a",
        "!!python/object",
        "yes",
        "null",
        "1e3",
        "%YAML",
        "@x",
        "`x`",
        "${AMI_SECRET}",
        "$${x}",
        "a'b",
        'a"b\\n',
        "a\x1b[31mb",
        "tab\tb",
        "line\u2028b",
        "\u202eevil",
        "😀",
        "x" * 5000,
    ]
    phones = "".join(f"[{n}](phone)\ncallerid={name} <{n}>\n" for n, name in enumerate(names))
    site.write({"pjsip.conf": f"[phone](!)\ntype=endpoint\nauth=x\n{phones}[$HOME](phone)\n[p:{{}}'\"](phone)\n"})
    config = site.init()

    got = {one.devices[0]: one.name for one in config.agents.values()}
    for number, name in ((0, "a: b"), (1, "- x"), (8, "yes"), (14, "{AMI_SECRET}"), (16, "a'b"), (22, "😀")):
        assert name == got[f"PJSIP/{number}"]
    assert "a[31mb" == got["PJSIP/18"]
    assert len(names) + 1 == len(config.agents)
    assert "[p:{}'\"] can't be a device of ctihub" in site.said
    assert "\x1b" not in site.text + site.said
    assert all(len(one.name) <= 200 for one in config.agents.values())


def test_broken_files_give_what_can_be_read_and_say_what_not(site: Site) -> None:
    """Each line that could not be read, with its place; the rest is there."""
    site.write(
        {
            "pjsip.conf": b"""stray = 1
\xef\xbb\xbfnot a setting
[ok](!) ; template
type=endpoint ;-- a comment --; \t
auth=x
;-- all of this
[hidden]
type=endpoint
--;
[1](ok,missing)
callerid = J\xf6rg \\; Co <1> ; trailing
[broken
[]
= nothing
[1](+)
context = a
[9](+type=aor)
context = lost
#include "there.conf"
#include missing.conf
#tryinclude missing.conf
#include /etc/passwd
#include ../../escape.conf
#include **/x/../..
#include /etc/asterisk/there.conf
#exec /bin/sh
#whatever
;-- never ended
[2](ok)
""",
            "there.conf": "[3](ok)\ncallerid=Three <3>\n#include there.conf\n",
            "queues.conf/x": "",
        }
    )
    config = site.init()

    assert {"jorg-co": "Jörg ; Co", "three": "Three"} == {key: one.name for key, one in config.agents.items()}
    for line in (
        "pjsip.conf:1: this stands before any [name]",
        "pjsip.conf:2: this is neither [name] nor name = value",
        "pjsip.conf:10: the template 'missing' is not there",
        "pjsip.conf:12: this is no [name], as a ] or the name is missing",
        "pjsip.conf:13: this is no [name], as a ] or the name is missing",
        "pjsip.conf:14: this is neither [name] nor name = value",
        "pjsip.conf:17: no [9] stands before it to which it could be added",
        "pjsip.conf:20: 'missing.conf' is not there",
        "pjsip.conf:22: '/etc/passwd' lies outside of the folder: not read",
        "pjsip.conf:23: '../../escape.conf' lies outside of the folder: not read",
        "pjsip.conf:26: what a program would print here is not read: it is not run",
        "pjsip.conf:27: this directive is unknown: #include, #tryinclude and #exec are",
        "pjsip.conf:1: a comment begun with ;-- is not ended with --;",
        "there.conf:3: 'there.conf' includes itself: not read again",
        "there.conf:1: PJSIP/3 is there a second time: left out",
    ):
        assert f"{line}\n" in site.said
    assert "pjsip.conf:21" not in site.said


def test_what_multiplies_or_is_huge_is_bounded(site: Site) -> None:
    """Templates that double, files that include themselves, and a file of 9 MB end soon, with a word on it."""
    doubling = "[t0](!)\n" + "type=endpoint\n" * 50
    doubling += "".join(f"[t{n}](!,{','.join([f't{n - 1}'] * 10)})\n" for n in range(1, 12))
    site.write(
        {
            "pjsip.conf": f"{doubling}[1](t11)\nauth=x\n[2]\ntype=endpoint\nauth=x\n#include loop0.conf\n",
            "loop.conf": "#include loop.conf\n" * 5,
            "queues.conf": b"x" * 9_000_000,
        }
    )
    config = site.init()

    assert ("PJSIP/2",) == config.agents["agent-2"].devices
    assert "the templates multiply without an end" in site.said
    assert "queues.conf:1: larger than 8 MB: not read" in site.said
    assert len(site.said.splitlines()) < 1_100


@pytest.mark.timeout(60)
def test_a_large_site_takes_no_more_a_phone_than_a_small_one(site: Site) -> None:
    """Phones of namesakes, as many members and queues: nothing grows with the square of them (lines that are run)."""
    small = lines_run(partial(site.propose, site_of_namesakes(site, 500)))
    site.forget()
    large = lines_run(partial(site.propose, site_of_namesakes(site, 2_000)))
    assert "lee-2000:" in site.text
    assert large < 1.2 * 4 * small


def site_of_namesakes(site: Site, phones: int) -> str:
    count = range(phones)
    folder = f"asterisk/{phones}"
    site.write(
        {
            f"{phones}/pjsip.conf": "[p](!)\ntype=endpoint\nauth=x\n"
            + "".join(f"[{n}](p)\ncallerid=Lee <{n}>\n" for n in count),
            f"{phones}/queues.conf": "".join(
                f"[q{n}]\nmember => PJSIP/{n}\nmember => Agent/{n},0,Lee\n" for n in count
            ),
        }
    )
    return folder


def lines_run(work: Callable[[], object]) -> int:
    """Count the lines of Python that the work runs, on this thread."""
    lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def test_phones_that_are_kept_in_a_database_are_told_of(site: Site) -> None:
    """What can't be read from files is said, so that nobody takes the proposal for complete."""
    site.write(
        {
            "pjsip.conf": "[1]\ntype=endpoint\nauth=1\n",
            "extconfig.conf": "[settings]\nps_endpoints => odbc,asterisk\n",
            "chan_dahdi.conf": "[channels]\nchannel => 1-30\n",
        }
    )
    site.init()
    assert "extconfig.conf:2: further endpoints come from a database, which is not read" in site.said
    assert "chan_dahdi.conf:1: DAHDI devices are not read" in site.said


def test_what_is_commented_out_of_a_proposal_is_valid_too(site: Site, tmp_path: Path) -> None:
    """Whoever takes the # away below what was proposed gets no key twice."""
    site.init(OTHER_SITE.folder)
    path = tmp_path / "ctihub.yaml"
    path.write_text(re.sub(r"^#(?=\S|  )", "", site.text, flags=re.MULTILINE).replace("/etc/ssl/certs/", ""))
    (tmp_path / "ca-certificates.crt").write_text("x")
    more = {"SAP_PASSWORD": "sap", "OSC_PASSWORD": "osc", "BUS_PASSWORD": "bus", "DIALLER_TOKEN": "d1aller-token"}
    more["DEPLOY_TOKEN"] = "depl0y-token"
    more |= {
        "HOST_PASSWORD": "h0st-password",
        "VISITS_SECRET": "v1sits-secret",
        "SAP_PUSH_PASSWORD": "sap-push-passw0rd",
        "MAIL_PASSWORD": "mail-passw0rd",
        "WEBSITE_SECRET": "a-secret-of-the-site-and-the-hub",
    }
    config = load_config(path, ENVIRONMENT | more)
    assert "inside" == config.pbx["main"].control.context


def test_a_folder_that_is_not_there_or_holds_nothing(site: Site) -> None:
    """Said in words, with what to name instead, and nothing is written."""
    assert "nowhere is no folder: name the one that holds Asterisk's files" in site.refused("nowhere").stderr
    site.write({"x.conf": ""})
    assert "asterisk holds none of Asterisk's files (manager.conf, pjsip.conf" in site.refused("asterisk").stderr
