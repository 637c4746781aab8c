"""Mobile phones and personal mail addresses in free text. A facility's own contact column is not personal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from recommended_datasets.report import Severity
from recommended_datasets.sensitive_finding import mask_mail, mask_phone
from recommended_datasets.sensitive_numbers import HYPHENS, NO_DIGIT, SEPARATOR, URL, digits_of

CONTACT = re.compile(
    r"電話|TEL|phone|FAX|ファ(?:ク|ック)ス|連絡先|連絡方法|問い?合わ?せ|メール|mail|contact|携帯|"
    r"申込(?:み)?先|予約先|相談窓口",
    re.IGNORECASE,
)
"""Headings under which a facility gives its own phone or mail."""

IDENTIFIER = re.compile(
    r"(?:^|[^a-z])(?:NO|ID|code|key)s?\.?(?:[^a-z]|$)|番号|コード|識別子|緯度|経度|座標|面積|金額", re.IGNORECASE
)

_S = rf"[{SEPARATOR}().・（）]{{0,2}}"
MOBILE = re.compile(rf"(?:[0０]|[+＋][8８][1１]{_S}(?:[(（][0０][)）])?)[6-9６-９][0０]{_S}\d{{4}}{_S}\d{{4}}{NO_DIGIT}")
_BEFORE = re.compile(rf"(?:[\dA-Za-z_/=%&]|\d[.．{HYPHENS}])$")
_PHONE_CELL = re.compile(rf"\s*[(（]?[0０]\d{{1,4}}[)）]?[{SEPARATOR}(（]?\d{{1,4}}[)）]?[{SEPARATOR}]?\d{{3,4}}\s*")

MAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
PROVIDERS = frozenset(
    "gmail.com googlemail.com yahoo.co.jp yahoo.com ymail.ne.jp ybb.ne.jp hotmail.com hotmail.co.jp "
    "outlook.com outlook.jp live.jp live.com msn.com icloud.com me.com mac.com aol.com aol.jp proton.me "
    "protonmail.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp vodafone.ne.jp "
    "willcom.com ymobile.ne.jp uqmobile.jp rakuten.jp rakumail.jp mineo.jp nifty.com biglobe.ne.jp "
    "ocn.ne.jp so-net.ne.jp plala.or.jp dion.ne.jp infoseek.jp excite.co.jp synapse.ne.jp wakwak.com "
    "eonet.ne.jp tiki.ne.jp bbiq.jp jcom.home.ne.jp jcom.zaq.ne.jp".split()
)
"""Mailboxes given to persons: at these domains (or below them) an address is somebody's own."""
_OFFICE_DOMAIN = re.compile(r"(?:^|\.)(?:lg|go|ac|ed|co|or|gr)\.jp$|(?:^|\.)(?:pref|city|town|vill)\.", re.IGNORECASE)
_OFFICE_NAME = re.compile(
    r"info|inquiry|contact|mail|office|web|admin|support|sales|shop|hotel|soumu|somu|kouhou|koho|kikaku|toiawase|kanko|"
    r"reserv|yoyaku|center|postmaster|jimu|help|desk|news|service|school|team|staff|group|club",
    re.IGNORECASE,
)


_ANNOUNCED = re.compile(
    r"(?:連絡先|問い?合わ?せ先?|予約|受付|申込先?|TEL|電話|☎|℡|メール|mail|FAX|事務局|営業)"
    r"(?:番号|窓口|専用|用)?[^一-龥々]{0,8}$",
    re.IGNORECASE,
)
"""Words just before a number or address that is meant to be called or written to by anyone."""


def _severity(text: str, start: int) -> Severity:
    return "warning" if _ANNOUNCED.search(text[max(start - 24, 0): start]) else "error"


def mobiles(text: str) -> Iterator[tuple[str, Severity]]:
    """(masked number, severity) of the mobile phone numbers of a text: ``warning`` where the text offers it to callers
    (予約：090…), else ``error``."""
    addresses = [m.span() for m in URL.finditer(text)] if "://" in text else []
    for match in MOBILE.finditer(text):
        if _BEFORE.search(text[: match.start()][-2:]) or any(s <= match.start() < e for s, e in addresses):
            continue
        digits = digits_of(match[0])
        national = digits if digits[0] == "0" else "0" + digits.removeprefix("81").removeprefix("0")
        yield mask_phone(national), _severity(text, match.start())


def mails(text: str) -> Iterator[tuple[str, Severity]]:
    """(masked address, severity) of the personal mail addresses of a text: ``error`` at a provider of private
    mailboxes unless offered to writers, ``warning`` elsewhere unless domain or name is an office's."""
    text = unicodedata.normalize("NFKC", text)
    for match in MAIL.finditer(text):
        name, _, domain = match[0].lower().rpartition("@")
        if any(domain == p or domain.endswith("." + p) for p in PROVIDERS):
            yield mask_mail(match[0]), _severity(text, match.start())
        elif not (_OFFICE_DOMAIN.search(domain) or _OFFICE_NAME.search(name) or name in domain or _site(domain) in name):
            yield mask_mail(match[0]), "warning"


def _site(domain: str) -> str:
    return domain.partition(".")[0]


def is_contact(header: str, cells: Sequence[str]) -> bool:
    """Whether a column is where a facility gives its phone or mail: by its heading, or because most of its cells are
    phone numbers and not all of them mobile ones."""
    if CONTACT.search(unicodedata.normalize("NFKC", header)):
        return True
    filled = [cell for cell in cells[:200] if cell]
    phones = [cell for cell in filled if _PHONE_CELL.fullmatch(cell)]
    return len(phones) * 2 > len(filled) and any(not MOBILE.search(cell) for cell in phones)
