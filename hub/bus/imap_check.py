"""Whether a mailbox can be used: the server is there, it lets in, and has the folders."""

from __future__ import annotations

import asyncio
import imaplib

from hub.bus.imap_errors import MailboxError, explain
from hub.bus.imap_link import Line
from hub.bus.imap_mailbox import Mailbox
from hub.bus.own_threads import OwnThread
from hub.config.mailbox import ImapMailbox


async def check_mailbox(section: ImapMailbox, token: str = "") -> str:
    """Return in words what is there; `token` signs in without a password. Raises MailboxError with what is wrong."""
    line = Line(section, token)
    try:
        return await OwnThread("imap-check").run(_look, line)
    except (MailboxError, imaplib.IMAP4.error, OSError) as error:
        raise MailboxError(explain(error, section)) from error
    except asyncio.CancelledError:
        line.cut()
        raise


def _look(line: Line) -> str:
    section = line.section
    mailbox = Mailbox(line)
    try:
        found = [f"{folder}: {mailbox.open(folder)} mails" for folder in (*section.folders, *section.sent_folders)]
        way = "new mail is told at once" if section.idle and mailbox.can_idle() else f"looks every {section.poll_s:g} s"
        mailbox.close()
    finally:
        line.cut()
    return f"{section.host}:{section.port_used} lets {section.username} in, {', '.join(found)}; {way}"
