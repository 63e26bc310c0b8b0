"""`ctihub init`: writes a commented configuration to begin with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.options import DEFAULT_CONFIG
from hub.cli.outcome import FINE, CannotRunError

if TYPE_CHECKING:
    from hub.cli.proposal import Proposal

# What is commented out has "#" in place of its first character or before it; "# " and a word is an explanation.
_FIRST = """\
# ctihub's configuration. `ctihub lint` tells every mistake with its place, `ctihub check` connects to all it names.
# ${NAME} is taken from the environment, ${file:PATH} from a file (from this folder); $${ stands for ${ itself.
# Relative paths are taken from this folder.

hub:
  # Where browsers and machines connect. 0.0.0.0 lets other hosts in: put a proxy with TLS in front then.
  listen: "127.0.0.1:8080"
  # The country whose national number format the site dials: DE, CN, US, ...
  region: DE
  # debug, info, warning or error
  log_level: info
  # Folders with your own mappings; those that ctihub ships are found without.
  mappings: [mappings]

store:
  # The journal of all events, call log, dead letters, users and sessions: a file, or a database of a PostgreSQL server,
  # where the hub makes the schema ctihub:
  #   url: "postgresql://ctihub:${PG_PASSWORD}@db.example.com:5432/ctihub"
  #   # Encrypted only, and the server's certificate checked; ca_file: who signed it, where the system doesn't know.
  #   tls: true
  #   ca_file: /etc/ssl/db-ca.pem
  url: "sqlite:///ctihub.db"

"""

_PBX = """\
# One entry for each Asterisk, with a user of its manager.conf, which needs:
# read = system,call,agent,user,dialplan,dtmf
# write = system,call,agent,user,originate,reporting
pbx:
  main:
    host: 127.0.0.1
    port: 5038
    username: hub
    secret: "${AMI_SECRET}"
    # Devices towards the outside: a call from one of them is inbound.
    trunks: [PJSIP/trunk]
"""

_PBX_OPTIONS = """\
    # TLS (tlsenable in manager.conf, usually on port 5039):
#    tls: {ca_file: /etc/ssl/certs/ca-certificates.crt, verify: true}
    # plain sends the secret, for a manager proxy that knows no Challenge:
#    login: md5
    # A Ping after this much silence, and after as much again the PBX is taken for dead.
#    keepalive_s: 15
#    action_timeout_s: 10
    # The wait before connecting again doubles from the one to the other.
#    reconnect_min_s: 0.5
#    reconnect_max_s: 3
    # A longer message ends the connection.
#    max_message_bytes: 1048576
    # Channel variables that stay with the call and are told with it, as what the caller chose in the IVR:
#    variables: [IVR_CHOICE, CONTRACT]
    # With several PBXs: the variable that has one value on both for a call that goes from the one to the other. The
    # dialplan of the first sends it in a SIP header over the trunk between them, that of the second sets it from there
    # (from that trunk only: whoever can set it can join calls).
#    shared_call_variable: CALL_REFERENCE
#    shared_call_trunks: [PJSIP/branch]
    # Tells each digit pressed. Leave it off where callers enter card numbers.
#    dtmf: false
    # After-call work: how long an agent gets no further call after one from a queue; 0: none.
#    after_call_s: 0
    # What differs for one queue:
#    queues:
#      support: {after_call_s: 20}
    # Where calls are dialled from, parked and recorded when an agent commands it from the desk. hub_context is the part
    # of the dialplan that ctihub brings along; recordings is a folder on the PBX.
#    control:
#      context: from-phones
#      hub_context: ctihub
#      parking_lot: default
#      recordings: /var/spool/asterisk/monitor
#      recording_format: wav
#      timeout_s: 5

"""

_AGENTS = """\
# Who takes calls. `ctihub user add alice` gives Alice a password for the desk.
agents:
  alice:
    name: Alice
    devices: [PJSIP/1001]
#  bob:
#    name: Bob
#    devices: [PJSIP/1002, PJSIP/1003]
#    language: zh
#    # On which PBX, where there are several:
#    pbx: main
#    # A supervisor sees all agents, and may listen to their calls.
#    role: supervisor
#    # The queues that logging on at the desk makes Bob a member of:
#    queues: [support, sales]

"""

_LAST = """\
# The backends that know the caller. A preset brings operations and mapping of a known system; connectors/README.md
# of ctihub says what else a connector can be told.
#connectors:
#  sap:
#    kind: odata
#    preset: sap_s4hana
#    title: SAP S/4HANA
#    url: https://sap.example.com/sap/opu/odata/sap
#    auth: {type: basic, username: CTIHUB, password: "${SAP_PASSWORD}"}
#    params: {sap-client: "100"}
#    # What is written to it by itself: the activity of a call that is over. Events wait in the journal while SAP is
#    # down, and it gets all of them, in order, once.
#    outbound:
#      # What it is written for: of a customer who has refused that purpose (a consent) nothing is.
#      purpose: service
#      rules:
#        - on: [cti.call.cleared]
#          when: {call.direction: [inbound, outbound]}
#          write: activity
#          # write: without a customer of SAP's too.
#          without_customer: skip
#      # Seconds until it is tried again, from the one to the other.
#      retry_min_s: 1
#      retry_max_s: 300
#      # How often it is tried what SAP refuses for itself, and how long what it can't take; then it is a dead letter.
#      attempts: 5
#      give_up_after_h: 168
#  service:
#    kind: soap
#    preset: oracle_service_cloud
#    title: Oracle Service Cloud
#    wsdl: https://site.custhelp.com/services/soap/connect/soap?wsdl=typed
#    auth: {type: wsse, username: ctihub, password: "${OSC_PASSWORD}"}

# How customers are looked up, in seconds.
context:
  # What a lookup may take before its card on the desk shows a notice.
  budget_s: 1.0
  # How many seconds an answer is used again, and how many more it is shown with its age while the backend is asked;
  # how long a caller whom a backend does not know stays unknown there. A connector's `cache` can say otherwise.
  cache_s: 300
#  cache_stale_s: 3600
#  cache_negative_s: 60
  # How many answers are kept at most, and about how much memory they take.
#  cache_entries: 10000
#  cache_bytes: 67108864
  # How many of the customer's latest contacts the desk shows.
#  interactions: 10
  # When records of several systems are one customer. Each rule that fits doubles the odds as often as it `adds`, from
  # 1 to `customers` on; from the probability `same` on they are one, from `maybe` on the agent is asked. Rules are laid
  # over the hub's own: hub/context/README.md of ctihub lists them. shared_numbers are nobody's: +4930123* is an
  # exchange with all its extensions.
#  identity:
#    same: 0.92
#    maybe: 0.015
#    customers: 100000
#    shared_numbers: ["+4930123400", "+4930123*"]
#    rules:
#      - {name: email, about: email, signs: [email], adds: 18}
  # Which system is believed where several say different things: system_order (of connectors), newest, most_complete, or
  # a list of systems. By field where it is not the default; what contradicts it is shown beside it all the same.
#  merge:
#    default: system_order
#    fields: {language: newest, name: most_complete, tier: [sap], extra.sap.points: newest}
  # The customers (0: none) who were in touch most often within so many days, each at least so many times: what the
  # backends say of them is asked for again before it gets stale, by no more than so many requests.
#  warm: {customers: 50, days: 30, contacts: 3, at_once: 2, per_minute: 60}
  # A matter that a customer was in touch about so many times within the last days is marked as coming up again.
#  repeats: {days: 7, contacts: 2}
  # What backends answered is kept in the store: for the search, and to stand in when one of them is down. Not of these:
#  remember: {answers: true, not_of: [sap]}
  # Why personal data is held, after how many days it is erased here (unset: never by itself), and who may see it.
  # hub/privacy/README.md of ctihub says what each is, and how one customer is exported and erased.
#  privacy:
#    fields:
#      # Others than these roles (agent, supervisor, token, token:NAME) see it masked: the year, the last digits.
#      birth_date: {purpose: identification, retention_days: 365, roles: [supervisor], others_see: masked}
#      extra.loyalty_points: {purpose: marketing, roles: [agent, supervisor, "token:reporting"], others_see: nothing}
#    # What was said on a channel, whichever feed brought it.
#    interactions:
#      chat: {purpose: service, retention_days: 400, roles: [agent, supervisor]}
#    # The steps of calls and the call log; what was known of each caller; what feeds told of customers.
#    calls: {purpose: service, retention_days: 730}
#    contexts: {purpose: service, retention_days: 90}
#    records: {purpose: service, retention_days: 730}
#    callbacks: {purpose: service, retention_days: 90}
#    dead_letters: {purpose: operation, retention_days: 30}
#    # Who saw whose data, and when.
#    accesses: {purpose: accountability, retention_days: 365}
  # What is proposed to the agent: rules under `anticipation/` in the folders of mappings, the more important first
  # (unset: all, also those that ctihub ships), how many proposals at most, and the languages that are spoken here.
#  anticipation: {rules: [do_not_sell, case_overdue, language_switch, warranty_ends], at_most: 5, languages: [de, en]}

# The FastAGI server: a dialplan asks AGI(agi://HUB/customer?queue=support) while the caller waits, and goes on with
# channel variables. hub/telephony/fastagi/README.md of ctihub has the dialplan.
#routing:
#  listen: "127.0.0.1:4573"
#  # After this many seconds the call goes on with what is known by then.
#  deadline_s: 0.8
#  # Who may ask, besides this host and the hosts under pbx.
#  permit: [192.0.2.0/24]
#  # How long ago a customer's last agent may have talked with them to be offered again.
#  last_agent_days: 90
#  # Channel variable: what it shows, of the customer or of what the rules decided.
#  variables:
#    CTI_CUSTOMER_ID: customer.id
#    CTI_CUSTOMER_NAME: customer.name
#    CTI_TIER: customer.tier
#    CTI_LANGUAGE: decision.language
#    CTI_AGENT: decision.agent.id
#    CTI_AGENT_DEVICE: decision.agent.device
#    CTI_QUEUE: decision.queue
#    CTI_PRIORITY: decision.priority
#  # Each rule that holds has its say; where several decide the same thing, the upper one does.
#  rules:
#    - name: gold
#      when: {customer.tier: [Gold, Platinum]}
#      then: {priority: 10, agent: [last_agent, owner]}
#    - name: open case
#      when: {customer.open_cases: {ge: 1}}
#      then: {priority: 5, agent: last_agent}

desk:
  # What the browser sees, when a proxy stands in front:
#  public_url: https://cti.example.com
  # The language of agents who have none above; without it each browser's own.
#  language: zh
  session_hours: 12
  # What an agent chooses from when taking no calls for a while.
  not_ready_reasons: [Break, Lunch, Meeting, Training]
  dispositions: [Solved, Call back, Passed on, Complaint, Wrong number]

# Bearer tokens of machines that read /api/v1/events and /api/v1/calls, or give commands as well.
auth:
  tokens:
    reporting: "${API_TOKEN}"
#    # With `control` it commands calls of all agents, with `supervise` it brings supervisors into calls, too.
#    dialler: {token: "${DIALLER_TOKEN}", may: [read, control]}
#    # With `configure` it has changed connectors, mappings and rules reloaded (POST /api/v1/connectors/reload).
#    deployment: {token: "${DEPLOY_TOKEN}", may: [configure]}

# A broker that every event also goes to; without one ctihub's own journal does all the work.
#bus:
#  url: "amqps://ctihub:${BUS_PASSWORD}@rabbitmq.example.com/ctihub"
#  # The certificates to trust, in place of the system's:
#  ca_file: /etc/ssl/certs/ca-certificates.crt
#  exchange: ctihub.events
#  # CloudEvents: `structured` has all in the body, `binary` the data alone, with the attributes in the headers.
#  content_mode: structured
#  # How many messages may wait for the broker's confirmation.
#  window: 500

# Legacy systems that hand messages to ctihub: each feed has a format and a mapping. With a broker it has the queue
# ctihub.inbound.<feed>, unless it has another way (http, folder, soap); a token of auth.tokens that may publish can
# hand messages to the feeds that it names. hub/bus/README.md of ctihub says what each format and way is like.
#inbound:
#  shop:
#    mapping: feeds/order_shipped
#    format: json
#    queue: shop.shipped
#    # The broker's user who alone may publish to that queue:
#    broker_user: shop
#    # Where in a message of several the records stand, and the path of a record's own id:
#    records: data.orders
#    id: eventId
#    # Whose records these are, where it is not the feed's own name; what agents read above them. A system that is no
#    # connector is part of each customer all the same, with what its feeds told.
#    system: webshop
#    title: Web shop
#    # How often a message is tried that ctihub itself fails on, and the most bytes of one.
#    attempts: 5
#    max_bytes: 1048576
#  erp:
#    mapping: feeds/order_csv
#    format: csv
#    # For what does not say it itself: utf-8, gb18030, shift_jis, latin-1, cp037, ...
#    encoding: gb18030
#    # skip_lines stand before the header; with `header: false` the columns are named here.
#    csv: {delimiter: ";", quote: '"', header: true, skip_lines: 0}
#    # columns: [order_no, status, total]
#    # A file is complete once it has not grown for settle_s, or with a marker (`marker: .done`) beside it.
#    folder: {path: /srv/erp/out, pattern: "*.csv", marker: "", settle_s: 2, every_s: 1, done: done, failed: failed}
#    max_file_bytes: 268435456
#  host:
#    mapping: feeds/self_service
#    format: fixed_width
#    encoding: cp037
#    fixed_width:
#      # characters or bytes; record_length, in bytes, where records have no line ends.
#      unit: bytes
#      record_length: 80
#      # Which records are wanted, and which are none (headers, totals); what is neither is a dead letter.
#      only: {kind: D}
#      pass_over: {kind: [H, T]}
#      fields:
#        kind: {start: 1, length: 1}
#        account: {start: 2, length: 10}
#        phone: {start: 12, length: 16}
#        day: {start: 28, length: 8}
#        time: {start: 36, length: 6}
#        action: {start: 42, length: 3}
#        result: {start: 45, length: 1}
#    http: {basic: {username: host, password: "${HOST_PASSWORD}"}, id_header: X-Message-Id}
#  desk:
#    mapping: feeds/web_visit
#    format: cloudevents
#    # The `dataschema` values that the mapping knows; others are refused.
#    schemas: [https://example.com/visit/1]
#    http:
#      hmac:
#        secret: "${VISITS_SECRET}"
#        algorithm: sha256
#        header: X-Signature
#        prefix: "sha256="
#        encoding: hex
#        timestamp_header: X-Timestamp
#        tolerance_s: 300
#        # Signed together with the message, which has an id beside it with `id_header` one level higher.
#        id_header: X-Delivery
#  sap:
#    # ctihub's own messages by SOAP need no mapping. With a `schema: FILE.xsd` of your own, and its
#    # `elements: [Order]`, the feed needs one.
#    soap: {login: {username: sap, password: "${SAP_PUSH_PASSWORD}"}}
#  mail:
#    mapping: feeds/email
#    format: email
#    # A mail from one of these is ours: its customers are those whom it went to.
#    email: {own_addresses: [service@example.com, "@shop.example.com"]}
#    # A mailbox, read and left as it is.
#    imap:
#      host: imap.example.com
#      # implicit (port 993), starttls (143), or none for a server on this host.
#      port: 993
#      tls: implicit
#      ca_file: /etc/ssl/certs/ca-certificates.crt
#      username: service@example.com
#      password: "${MAIL_PASSWORD}"
#      # Or, where the server wants a token (Microsoft 365, Gmail), in place of the password:
#      # auth: {type: oauth2_client, token_url: "https://...", client_id: ..., client_secret: "${..}", scope: ...}
#      # What came from customers, and what went to them.
#      folders: [INBOX]
#      sent_folders: [Sent]
#      # How many days of old mail the first start takes.
#      first_days: 0
#      # Told of new mail at once where the server can, and looked for it every poll_s.
#      idle: true
#      poll_s: 60
#      timeout_s: 30
#  website:
#    # Whose customers they are who sign in to the site:
#    system: webshop
#    # Its signed-in visitors report what they look at, and ask to be called back: hub/callbacks/README.md of ctihub.
#    web:
#      origins: [https://www.example.com]
#      # Shared with the site's own server, which signs who the visitor is; 32 characters or more.
#      secret: "${WEBSITE_SECRET}"
#      visits: true
#      # The parameters that are kept of a page's address.
#      query: [product]
#      # Of one visitor, and of one address on the internet.
#      limits: {visits_per_minute: 30, callbacks_per_hour: 5, requests_per_minute: 300}
#      callback:
#        # Whose ready agents call, and who of them alone; pbx where several have a queue of that name.
#        queue: support
#        pbx: main
#        agents: [alice]
#        # Where to; without it the country above alone. No premium or short numbers.
#        countries: [DE, AT, CH]
#        # Never: the company's own numbers, or how they begin, and those of people who don't want it.
#        not_called: ["+49351555*"]
#        hours: {timezone: Europe/Berlin, open: ["Mo-Fr 09:00-18:00", "Sa 10:00-14:00"]}
#        # How often a customer is called who doesn't answer, after how many seconds again, and when it is given up.
#        attempts: 3
#        retry_s: 600
#        expire_s: 86400
#        # How many may wait.
#        most: 500
"""

TEMPLATE = _FIRST + _PBX + _PBX_OPTIONS + _AGENTS + _LAST


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, nargs="?", default=DEFAULT_CONFIG, metavar="PATH", help="file or folder (./ctihub.yaml)"
    )
    parser.add_argument(
        "--from-asterisk",
        type=Path,
        metavar="DIR",
        help="propose pbx and agents from Asterisk's own files in this folder, as a rule /etc/asterisk",
    )


def run(arguments: argparse.Namespace) -> int:
    path: Path = arguments.path
    if path.is_dir():
        path /= DEFAULT_CONFIG.name
    proposal = _proposal(arguments.from_asterisk) if arguments.from_asterisk else None
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_filled_in(proposal) if proposal else TEMPLATE)
    except FileExistsError:
        raise CannotRunError(f"{path} is already there: move it away first, or name another file") from None
    except OSError as error:
        raise CannotRunError(f"{path} can't be written: {error.strerror}") from None
    if proposal:
        print(f"{path} is written, with {proposal.summary} out of {arguments.from_asterisk}.")
        for note in proposal.notes:
            print(note)
        print("Look through it, take out who needs no desk. Now:")
    else:
        print(f"{path} is written. Now:")
    print("  set AMI_SECRET (manager.conf) and API_TOKEN (your choice, 8 characters or more) in the environment")
    print(f"  ctihub lint --config {path}       tells every mistake")
    print(f"  ctihub check --config {path}      connects to everything")
    print(f"  ctihub user add {(proposal and proposal.first_agent) or 'alice'} --config {path}")
    print(f"  ctihub run --config {path}")
    return FINE


def _proposal(folder: Path) -> Proposal:
    if not folder.is_dir():
        raise CannotRunError(f"{folder} is no folder: name the one that holds Asterisk's files, as in /etc/asterisk")
    # Here, because only this way of writing a configuration needs pyst2.
    from hub.cli.proposal import propose

    proposal = propose(folder)
    if proposal is None:
        raise CannotRunError(
            f"{folder} holds none of Asterisk's files (manager.conf, pjsip.conf, sip.conf, queues.conf):"
            " name the folder that does, as a rule /etc/asterisk"
        )
    return proposal


def _filled_in(proposal: Proposal) -> str:
    options = _PBX_OPTIONS
    if proposal.control_context is not None:
        example = "#    control:\n#      context: from-phones\n"
        options = options.replace(example, f"    control:\n      context: {proposal.control_context}\n")
    return _FIRST + proposal.pbx + options + proposal.agents + _LAST
