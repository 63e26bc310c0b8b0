"""What a fault of SOAP 1.1 (4.4) or 1.2 (5.4) says, with what vendors put into its detail."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from lxml import etree

from connectors.base import ConnectorError
from connectors.wording import backend_words
from hub.domain.customer import Problem

# Fault codes of WS-Security 1.1 (12) that mean: who calls is not known, or may not.
_SECURITY_FAULTS = frozenset({"FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "FailedCheck"})
# Elements of a detail by which vendors say more: Siebel's errorcode and errormsg, SAP's faultText and text, Oracle
# Fusion's code and message, Service Cloud's and Salesforce's exceptionCode and exceptionMessage.
_CODES = frozenset({"errorcode", "exceptionCode", "code", "errorCode"})
_TEXTS = frozenset({"errormsg", "exceptionMessage", "faultText", "message", "text", "errorMessage"})
MAX_TEXTS = 20
# SBL-EAI-04376, ORA-20001, JBO-25014: digits that are nobody's number.
_NUMBERED = re.compile(r"[A-Z]{2,10}(-[A-Z]{2,10}){0,3}-\d{1,6}")


@dataclasses.dataclass(frozen=True, slots=True)
class FaultSigns:
    """Texts by which a backend's faults are told apart."""

    refused: tuple[str, ...] = ()
    throttled: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class FaultError(ConnectorError):
    """A fault. `codes` and `texts` are as the backend wrote them: they may hold the caller's data."""

    def __init__(self, problem: Problem, message: str, codes: tuple[str, ...], texts: tuple[str, ...]) -> None:
        super().__init__(problem, message)
        self.codes = codes
        self.texts = texts

    def holds(self, signs: tuple[str, ...]) -> bool:
        return any(sign in said for sign in signs for said in (*self.codes, *self.texts))


def fault_error(fault: etree._Element, signs: FaultSigns) -> FaultError:
    """Return the error that a fault is."""
    codes = tuple(code for code in _codes(fault) if code)[:MAX_TEXTS]
    texts = tuple(dict.fromkeys(text for text in _texts(fault) if text))[:MAX_TEXTS]
    code = _shown(codes[-1]) if codes else "no code"
    words = backend_words(texts[0] if texts else None)
    if len(texts) > 1 and texts[-1] not in texts[0]:
        words = f"{words} ({backend_words(texts[-1])})"
    error = FaultError(Problem.FAULT, f"SOAP fault {code}: {words}", codes, texts)
    if error.holds(signs.refused) or not _SECURITY_FAULTS.isdisjoint(codes):
        message = f"the backend refuses to sign in ({code}): {words}; check `auth`"
        return FaultError(Problem.REFUSED, message, codes, texts)
    if error.holds(signs.throttled):
        message = f"the backend has had too many requests ({code}): {words}"
        return FaultError(Problem.THROTTLED, message, codes, texts)
    return error


def _codes(fault: etree._Element) -> Iterator[str]:
    for element in fault.iter(etree.Element):
        name = etree.QName(element).localname
        if name in {"faultcode", "Value"}:
            yield (element.text or "").strip().rpartition(":")[2]
        elif name in _CODES:
            yield (element.text or "").strip().strip("()")


def _texts(fault: etree._Element) -> Iterator[str]:
    for element in fault.iter(etree.Element):
        if etree.QName(element).localname in _TEXTS or etree.QName(element).localname in {"faultstring", "Text"}:
            yield (element.text or "").strip()


def _shown(code: str) -> str:
    return code if _NUMBERED.fullmatch(code) else backend_words(code)
