"""Why a SOAP request is not taken, and how that is written in either version."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec
from lxml import etree

from hub.bus.soap.names import (
    ADDRESSING,
    DEFAULT_PUSH,
    PUSH,
    SOAP_11,
    SOAP_12,
    WSSE,
    SoapVersion,
    local_name,
    namespace_of,
)
from hub.domain.inbound import Refused

MAX_DETAILS = 20
MAX_REASON = 1_000
"""Characters: what is wrong with a message may be as long as that."""


class FaultCode(enum.Enum):
    SENDER = enum.auto()
    RECEIVER = enum.auto()
    VERSION_MISMATCH = enum.auto()
    MUST_UNDERSTAND = enum.auto()


class SecurityCode(enum.StrEnum):
    """WS-Security 1.1, 12: what is wrong with a request's credentials."""

    NONE_GIVEN = "InvalidSecurity"
    WRONG = "FailedAuthentication"
    INVALID = "InvalidSecurityToken"
    EXPIRED = "MessageExpired"


class Violation(msgspec.Struct, frozen=True):
    """What the schema has against a message: the line in what was sent, the element, what is wrong with it."""

    line: int
    element: str
    reason: str


class SoapFault(Exception):  # noqa: N818 - the protocol's word for it
    """A refusal. `not_understood` are the names (`{ns}local`) of headers that had to be, `violations` the schema's."""

    def __init__(
        self,
        code: FaultCode,
        reason: str,
        *,
        security: SecurityCode | None = None,
        not_understood: Sequence[str] = (),
        violations: Sequence[Violation] = (),
        refused: Sequence[Refused] = (),
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:MAX_REASON]
        self.security = security
        self.not_understood = [name for name in not_understood[:MAX_DETAILS] if len(name) <= MAX_REASON]
        self.violations = violations
        self.refused = refused

    def status(self, version: SoapVersion) -> int:
        """Return the HTTP status that it goes out with."""
        if self.security is not None:
            return 401
        if self.code is FaultCode.RECEIVER:
            return version.retry_status
        return version.fault_status if self.code is FaultCode.SENDER else 500


def fault_action(addressing: str) -> str:
    """Return the action of a reply that is a fault (WS-Addressing 1.0 SOAP binding, 6)."""
    return f"{addressing}/soap/fault" if addressing == ADDRESSING[0] else f"{addressing}/fault"


def write_fault(body: etree._Element, version: SoapVersion, fault: SoapFault) -> None:
    """Write a fault into an envelope's body."""
    element = etree.SubElement(body, version.name("Fault"), nsmap={"wsse": WSSE} if fault.security else None)
    if version is SOAP_11:
        code = f"wsse:{fault.security}" if fault.security else f"soap:{_code(fault.code, version)}"
        etree.SubElement(element, "faultcode").text = code
        etree.SubElement(element, "faultstring").text = _printable(fault.reason)
        detail = etree.SubElement(element, "detail") if _has_detail(fault) else None
    else:
        code_element = etree.SubElement(element, version.name("Code"))
        etree.SubElement(code_element, version.name("Value")).text = f"soap:{_code(fault.code, version)}"
        if fault.security:
            subcode = etree.SubElement(code_element, version.name("Subcode"))
            etree.SubElement(subcode, version.name("Value")).text = f"wsse:{fault.security}"
        reason = etree.SubElement(etree.SubElement(element, version.name("Reason")), version.name("Text"))
        reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        reason.text = _printable(fault.reason)
        detail = etree.SubElement(element, version.name("Detail")) if _has_detail(fault) else None
    if detail is not None:
        _write_refusal(detail, fault)


def has_headers(version: SoapVersion, fault: SoapFault) -> bool:
    """Whether something stands in the header beside a fault: in SOAP 1.2 alone."""
    return version is SOAP_12 and (fault.code is FaultCode.VERSION_MISMATCH or bool(fault.not_understood))


def write_fault_headers(header: etree._Element, version: SoapVersion, fault: SoapFault) -> None:
    """Write what SOAP 1.2 (part 1, 5.4.7 and 5.4.8) wants in the header of an envelope beside some faults."""
    if fault.code is FaultCode.VERSION_MISMATCH:
        upgrade = etree.SubElement(header, version.name("Upgrade"))
        for prefix, supported in (("soap", SOAP_12), ("s11", SOAP_11)):
            one = etree.SubElement(upgrade, version.name("SupportedEnvelope"), nsmap={prefix: supported.namespace})
            one.set("qname", f"{prefix}:Envelope")
    for name in fault.not_understood:
        namespace = namespace_of(name)
        block = etree.SubElement(
            header, version.name("NotUnderstood"), nsmap={"missed": namespace} if namespace else None
        )
        block.set("qname", f"missed:{local_name(name)}" if namespace else name)


def _code(code: FaultCode, version: SoapVersion) -> str:
    return {
        FaultCode.SENDER: version.sender,
        FaultCode.RECEIVER: version.receiver,
        FaultCode.VERSION_MISMATCH: "VersionMismatch",
        FaultCode.MUST_UNDERSTAND: "MustUnderstand",
    }[code]


def _has_detail(fault: SoapFault) -> bool:
    # A fault of headers has no detail (SOAP 1.1, 4.4).
    return bool(fault.violations or fault.refused)


def _write_refusal(detail: etree._Element, fault: SoapFault) -> None:
    refusal = etree.SubElement(detail, f"{{{PUSH}}}Refusal", nsmap=DEFAULT_PUSH)
    for violation in fault.violations[:MAX_DETAILS]:
        problem = etree.SubElement(refusal, f"{{{PUSH}}}problem")
        etree.SubElement(problem, f"{{{PUSH}}}line").text = str(violation.line)
        etree.SubElement(problem, f"{{{PUSH}}}element").text = violation.element
        etree.SubElement(problem, f"{{{PUSH}}}reason").text = _printable(violation.reason)
    write_refused(refusal, fault.refused[:MAX_DETAILS])


def write_refused(parent: etree._Element, refused: Sequence[Refused]) -> None:
    """Write which parts of a message went to the dead letters, and why."""
    for one in refused:
        element = etree.SubElement(parent, f"{{{PUSH}}}refused")
        etree.SubElement(element, f"{{{PUSH}}}deadLetter").text = one.dead_letter
        if one.part:
            etree.SubElement(element, f"{{{PUSH}}}part").text = _printable(one.part)
        if one.field:
            etree.SubElement(element, f"{{{PUSH}}}field").text = _printable(one.field)
        etree.SubElement(element, f"{{{PUSH}}}reason").text = _printable(one.reason)


def _printable(text: str) -> str:
    """Leave out what XML 1.0 has no place for."""
    return "".join(
        character
        for character in text
        if character in "\t\n"
        or (character >= " " and not "\ud800" <= character <= "\udfff" and character < "\ufffe")
        or character >= "\U00010000"
    )
