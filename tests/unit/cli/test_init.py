from __future__ import annotations

import re
from pathlib import Path

from hub.cli.init import TEMPLATE
from hub.config.anticipation import AnticipationSection
from hub.config.identity import IdentityRule, IdentitySection
from hub.config.inbound import (
    BasicLogin,
    CsvFormat,
    FixedField,
    FixedWidthFormat,
    FolderWatch,
    HmacSignature,
    HttpPush,
    InboundFeed,
    SoapPush,
)
from hub.config.load import load_config
from hub.config.mailbox import EmailFormat, ImapMailbox
from hub.config.merge import MergeSection
from hub.config.model import (
    AgentSection,
    AuthSection,
    BusSection,
    Config,
    ContextSection,
    DeskSection,
    HubSection,
    StoreSection,
)
from hub.config.opening_hours import OpeningHours
from hub.config.outbound import OutboundRule, OutboundSection
from hub.config.pbx import ControlSection, PbxSection, QueueSection, TlsSection
from hub.config.privacy import ChannelPrivacy, FieldPrivacy, KeptData, PrivacySection
from hub.config.routing import DEFAULT_VARIABLES, RoutingSection
from hub.config.warm import WarmSection
from hub.config.web_feed import CallbackSection, WebFeed, WebLimits
from tests.unit.cli.conftest import Ctihub

ENVIRONMENT = {"AMI_SECRET": "s3cret-ami", "API_TOKEN": "s3cret-token"}


def test_what_init_writes_passes_lint(ctihub: Ctihub, tmp_path: Path) -> None:
    """Once the two variables it tells of are set."""
    written = ctihub("init")
    assert 0 == written.returncode
    assert "AMI_SECRET" in written.stdout
    assert "API_TOKEN" in written.stdout
    linted = ctihub("lint", environment=ENVIRONMENT)
    assert (0, "1 file checked, nothing wrong\n") == (linted.returncode, linted.stdout)
    assert "alice" in load_config(tmp_path / "ctihub.yaml", ENVIRONMENT).agents


def test_what_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    """Whoever takes the # away gets a working example, not an error."""
    path = tmp_path / "ctihub.yaml"
    path.write_text(re.sub(r"^#(?=\S|  )", "", TEMPLATE, flags=re.MULTILINE).replace("/etc/ssl/certs/", ""))
    (tmp_path / "ca-certificates.crt").write_text("x")
    environment = {
        **ENVIRONMENT,
        "SAP_PASSWORD": "sap",
        "OSC_PASSWORD": "osc",
        "BUS_PASSWORD": "bus",
        "DIALLER_TOKEN": "d1aller-token",
        "DEPLOY_TOKEN": "depl0y-token",
        "HOST_PASSWORD": "h0st-password",
        "VISITS_SECRET": "v1sits-secret",
        "SAP_PUSH_PASSWORD": "sap-push-passw0rd",
        "MAIL_PASSWORD": "mail-passw0rd",
        "WEBSITE_SECRET": "a-secret-of-the-site-and-the-hub",
    }
    config = load_config(path, environment)
    assert {"sap", "service"} == set(config.connectors)
    assert ["activity"] == [rule.write for rule in config.connectors["sap"].outbound.rules]
    assert config.bus is not None
    assert {"alice", "bob"} == set(config.agents)
    assert {"shop", "erp", "host", "desk", "sap", "mail", "website"} == set(config.inbound)
    assert config.routing is not None
    assert DEFAULT_VARIABLES == config.routing.variables


def test_init_overwrites_nothing(ctihub: Ctihub, tmp_path: Path) -> None:
    """A configuration that is there is somebody's work."""
    (tmp_path / "ctihub.yaml").write_text("mine")
    done = ctihub("init")
    assert 2 == done.returncode
    assert "already there" in done.stderr
    assert "mine" == (tmp_path / "ctihub.yaml").read_text()


def test_init_takes_a_file_or_a_folder(ctihub: Ctihub, tmp_path: Path) -> None:
    """In a folder the file gets its usual name."""
    (tmp_path / "etc").mkdir()
    assert 0 == ctihub("init", "etc").returncode
    assert 0 == ctihub("init", "other.yaml").returncode
    assert TEMPLATE == (tmp_path / "etc/ctihub.yaml").read_text() == (tmp_path / "other.yaml").read_text()


def test_init_says_where_it_can_not_write(ctihub: Ctihub) -> None:
    """The system's reason, no traceback."""
    done = ctihub("init", "nix/ctihub.yaml")
    assert 2 == done.returncode
    assert "can't be written: No such file or directory" in done.stderr


def test_every_key_of_the_configuration_is_told_of() -> None:
    """Whoever reads the template has seen all there is to set; what connectors can be told has a page of its own."""
    sections = (
        HubSection,
        StoreSection,
        BusSection,
        TlsSection,
        PbxSection,
        QueueSection,
        ControlSection,
        AgentSection,
        ContextSection,
        AnticipationSection,
        IdentitySection,
        IdentityRule,
        PrivacySection,
        MergeSection,
        WarmSection,
        KeptData,
        FieldPrivacy,
        ChannelPrivacy,
        RoutingSection,
        InboundFeed,
        CsvFormat,
        FixedWidthFormat,
        FixedField,
        HttpPush,
        HmacSignature,
        BasicLogin,
        FolderWatch,
        EmailFormat,
        ImapMailbox,
        SoapPush,
        WebFeed,
        WebLimits,
        CallbackSection,
        OpeningHours,
        OutboundSection,
        OutboundRule,
        DeskSection,
        AuthSection,
        Config,
    )
    keys = {field.alias or key for section in sections for key, field in section.model_fields.items()}

    assert set() == {key for key in keys if not re.search(rf"\b{key}:", TEMPLATE)} - {"enabled"}
