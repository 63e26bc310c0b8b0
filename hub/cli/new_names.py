"""What a field's or operation's name says, in the languages that backends are written in."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"[\s_.:#@-]+")

_PHONE = re.compile(
    r"phone|telefon|telephon|telefoon|teléfono|téléphone|puhelin|rufnummer|msisdn|handy|mobil|cellular|celular|"
    r"電話|电话|手机|手機|전화|телефон|(^| )(tel|fon|cell|gsm|ani|caller)( |$)"
)
_NO_PHONE = re.compile(
    r"fax|facsimile|telex|( |^)(type|kind|usage|extension|ext|country|label|remark|text|indicator|flag|default|"
    r"preferred|code|order|ordinal|sequence|status|upper|is|has|use|id|password|notes?)( |$)|extension"
)
_EMAIL = re.compile(r"e ?mail|邮箱|郵件|メール|correo|courriel")
_NO_EMAIL = re.compile(
    r"( |^)(type|kind|usage|label|indicator|flag|default|preferred|is|has|opt|mailing|status|format|id|body|subject)"
    r"( |$)"
)
_EXACT_PHONE = re.compile(r"normali[sz]ed|international|e ?164|raw|search|complete|lower")
_OTHERS_PHONE = re.compile(r"assistant|emergency|alternate|clerk|secretary|contact person|manager|employee")
_FOREIGN = re.compile(
    r"assistant|contact person|service request|action|order|opportunity|payment|relationship|employee|responsib|"
    r"bank|invoice|activity|note|team|asset|quote|supplier|user|clerk"
)
_GENERIC = re.compile(
    r"^(number|no|nr|value|text|item|string|formatted number description|complete number|raw number|uri|address)$"
)
_READS = re.compile(
    r"(^| )(find|query|search|lookup|look up|get|read|select|list|retrieve|fetch|suche|suchen|buscar|consultar|"
    r"chercher|cerca|find by)( |$)"
)
_CHANGES = re.compile(
    r"(^| )(create|update|delete|save|insert|merge|remove|add|set|submit|send|change|process|post|put|write|cancel|"
    r"close|init|execute|destroy|reset|upload|anlegen|loeschen|crear|borrar|async)( |$)"
)
_CUSTOMER = re.compile(
    r"customer|contact|account|partner|person|people|parties|party|client|member|subscriber|lead|kunde|kontakt|cliente|kunden|"
    r"debitor|guest|patient|consumer|客户|客戶|顧客"
)
_LIMIT = re.compile(r"(^| )(limit|max|maximum|top|size|count|rows|results|hits|treffer|anzahl)( |$)")
_SEARCH = re.compile(r"^(q|query|search|search (term|text|string)|term|keyword|filter|suchbegriff)$")

_PARTS: dict[str, re.Pattern[str]] = {
    "name.given": re.compile(r"^(first|given|fore) ?name( 1)?$|^vorname$|^prenom$|^nombre$|^voornaam$|^fn$"),
    "name.surname": re.compile(r"^(last|family|sur) ?name( 1)?$|^nachname$|^apellidos?$|^achternaam$|^ln$"),
    "name.full": re.compile(
        r"^((full|display|lookup|formatted|complete|contact|customer|partner|business partner|party|person|client)"
        r" )*(full )?name( ?1)?$|^(person|business partner) full name$|姓名|名前"
    ),
    "organization": re.compile(
        r"^(company|organi[sz]ation|firma|employer|account|business)( name)?( 1)?$|^organi[sz]ation bp ?name 1$"
    ),
    "language": re.compile(r"^((preferred|correspondence|communication) )?(language|lang|locale|sprache)( code)?$"),
    "title": re.compile(r"^(job title|function|position)$"),
    "street": re.compile(r"^(street|strasse|straße|address ?1|address line ?1?|street ?1|street name|calle|rue)$"),
    "postcode": re.compile(
        r"^(postal code|post ?code|zip|zip code|plz|postleitzahl|codigo postal|cp|street postal code)$"
    ),
    "locality": re.compile(r"^(city|town|locality|ort|stadt|city name|ciudad|ville|place)$"),
    "country": re.compile(r"^(country|country code|country key|land|pais|pays)$"),
}

_ID = re.compile(rf"^(\w+ )?({_CUSTOMER.pattern})( \w+)? (id|no|nr|number|key)$")
_NO_ID = re.compile(
    r"parent|type|group|category|class|conflict|mod|session|request|phone|fax|tax|account|currency|house"
)

_LABELS = {"mobile": r"mobil|cell|handy|手", "home": r"home|privat", "work": r"work|business|office"}


def words(name: str) -> str:
    """Return a name as small words: `InternalID` as `internal id`, `WorkPhone#` as `work phone`."""
    return " ".join(_BREAK.sub(" ", _CAMEL.sub(" ", name)).lower().split())


def phone_score(name: str) -> int:
    """Return how much a field looks like one that a telephone number is searched by; 0: not at all."""
    said = words(name)
    if not _PHONE.search(said) or _NO_PHONE.search(said):
        return 0
    score = 10 + (2 if _EXACT_PHONE.search(said) else 0) - (1 if re.search(r"mobil|cell|handy|手", said) else 0)
    return score - 5 if _OTHERS_PHONE.search(said) else score


def email_score(name: str) -> int:
    said = words(name)
    return 10 if _EMAIL.search(said) and not _NO_EMAIL.search(said) else 0


def search_score(name: str) -> int:
    """Return whether a parameter looks like one that anything is searched by."""
    return 4 if _SEARCH.search(words(name)) else 0


def limits(name: str) -> bool:
    """Whether a number says how many records are wanted at most."""
    return bool(_LIMIT.search(words(name)))


def reads(operation: str) -> bool:
    return bool(_READS.search(words(operation)))


def changes(operation: str) -> bool:
    """Whether an operation, by its name, does more than look."""
    said = words(operation)
    match = _CHANGES.search(said)
    return match is not None and not (_READS.search(said) and said.find(match[0].strip()) > 0)


def speaks_of_customers(name: str) -> bool:
    return bool(_CUSTOMER.search(words(name)))


def means(name: str, part: str) -> bool:
    """Whether a field's name is that of a customer's part: name.full, organization, street, .."""
    return bool(_PARTS[part].search(words(name)))


def is_foreign(section: str) -> bool:
    """Whether what stands in a section of that name is about somebody or something else than the customer."""
    return bool(_FOREIGN.search(words(section)))


def is_generic(name: str) -> bool:
    """Whether the section around a field says what it is, as in Telephone { Number }."""
    return bool(_GENERIC.search(words(name)))


def id_score(name: str) -> int:
    """Return how much a field looks like the customer's own id."""
    said = words(name)
    if said in {"id", "key"}:
        return 12
    if _ID.search(said):
        return 11
    if said in {"internal id", "external id", "record id", "row id", "no", "nr", "number", "code"}:
        return 10
    if re.search(r"^(\w+ )?(uuid|guid|oid)$", said):
        return 7
    return 4 if re.search(r"^\w+ (id|no|nr|number)$", said) and not _NO_ID.search(said) else 0


def label_of(name: str) -> str:
    """Return what kind of number a field holds, as agents read it."""
    said = words(name)
    return next((label for label, sign in _LABELS.items() if re.search(sign, said)), "")
