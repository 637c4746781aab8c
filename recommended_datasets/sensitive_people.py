"""Lists of persons: a name with a date of birth beside it, in columns or in one sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from recommended_datasets.sensitive_numbers import digits_of

_NAME = re.compile(
    r"氏\s*名|お\s*名\s*前|^名前|^姓名|^姓$|^名$|"
    r"^(?:世帯主|受給者|申請者|患者|児童|生徒|園児|職員|保護者|本人|利用者|対象者|会員|住民|参加者|被保険者|要支援者|要配慮者)(?:名|$|[_＿(（])|"
    r"^(?:full\s*)?name$|(?:first|last|given|family)\s*_?name|person",
    re.IGNORECASE,
)
_NOT_NAME = re.compile(r"氏名又は名称|法人|施設|事業所|団体|カナ?の有無|英字|英語")
_BIRTH = re.compile(r"生\s*年\s*月\s*日|^生年|誕生日|生まれ|birth|^dob$", re.IGNORECASE)
_OTHER_DATE = re.compile(
    r"設立|設置|開設|開始|許可|指定|登録|建築|竣工|完成|発行|更新|調査|作成|公開|有効|満了|点検|整備|opening|found",
    re.IGNORECASE,
)
_DEATH = re.compile(r"没年|没日|死没|逝去|死亡|生没|death", re.IGNORECASE)
_TRAIT = re.compile(r"^年\s*齢$|^性\s*別$|続柄|障害(?:等級|区分)|要介護度|^age$|^sex$|^gender$|本籍", re.IGNORECASE)

_PERSON = re.compile(r"[一-龥々〆ヶ]{1,4}[ 　][一-龥々ぁ-んァ-ヶー]{1,5}")
_ERA = "明治|大正|昭和|平成|令和|[MTSHRＭＴＳＨＲ]"
_DATE = rf"(?:(?:{_ERA})\s*(?:\d{{1,2}}|元)|[12１２]\d{{3}})\s*[年./．／-]\s*\d{{1,2}}\s*[月./．／-]\s*\d{{1,2}}\s*日?"
_DATE_CELL = re.compile(rf"\s*(?:{_DATE}|[12]\d{{7}})(?:[ T]0?0:00(?::00)?)?\s*")
_SENTENCE = re.compile(
    rf"(?:[一-龥々]{{1,4}}[ 　]?[一-龥々ぁ-んァ-ヶー]{{1,5}})(?:さん|様|氏|君|殿)?[ 　]*[（(、,:：]?[ 　]*"
    rf"(?:(?:生年月日|誕生日)[ 　]*[:：は]?[ 　]*{_DATE}|{_DATE}[ 　]*生(?:まれ|れ)?)"
    r"(?![ 　]*(?:の方|の人|の子|の者|以|から|まで|より|[〜～]))"
)
_CUE = re.compile(r"生(?:まれ|年月日)|誕生日|日[ 　]*生")
_BEFORE_ERA = dict(zip("明大昭平令MTSHR", (1867, 1911, 1925, 1988, 2018) * 2, strict=True))
_YEAR = re.compile(r"[12１２]\d{3}")


def name_columns(header: Sequence[str]) -> list[int]:
    """Columns that hold names of persons, by their heading."""
    return [i for i, h in enumerate(map(_fold, header)) if _NAME.search(h) and not _NOT_NAME.search(h)]


def birth_columns(header: Sequence[str]) -> list[int]:
    """Columns that hold dates of birth, by their heading; none in a table that also tells when people died."""
    folded = [_fold(h) for h in header]
    if any(_DEATH.search(h) for h in folded):
        return []
    return [i for i, h in enumerate(folded) if _BIRTH.search(h) and not _OTHER_DATE.search(h)]


def is_person_list(header: Sequence[str]) -> bool:
    """Names of persons beside what is told only of persons (birth, age, sex, kinship)."""
    return bool(name_columns(header)) and bool(
        birth_columns(header) or any(_TRAIT.search(_fold(h)) for h in header)
    )


def guessed_columns(header: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[list[int], list[int]]:
    """(names, births) by content, for what headings leave open: cells like 山田 太郎, and dates that spread over more than
    thirty years under a heading that names no other event."""
    names: list[int] = []
    births: list[int] = []
    for i, (head, column) in enumerate(zip(header, columns, strict=True)):
        filled = [cell for cell in column[:500] if cell and not cell.isspace()]
        if len(filled) < 3:
            continue
        if sum(bool(_PERSON.fullmatch(c.strip())) for c in filled) >= 0.8 * len(filled) and len(set(filled)) * 2 > len(filled):
            names.append(i)
        elif not _OTHER_DATE.search(_fold(head)) and sum(bool(_DATE_CELL.fullmatch(c)) for c in filled) >= 0.8 * len(filled):
            years = [_year(c) for c in filled]
            known = [y for y in years if y]
            if known and max(known) - min(known) > 30:
                births.append(i)
    return names, births


def is_birth_date(cell: str) -> bool:
    """Whether a cell under a birth heading holds a date (any spelling, Excel serials too), not a remark."""
    text = unicodedata.normalize("NFKC", cell).strip()
    return len(digits_of(text)) >= 3


def sentences(text: str) -> Iterator[str]:
    """Parts of a free text that give a name and a date of birth: 山田太郎（昭和50年3月2日生）. People born before 1900
    are history; 「昭和12年4月1日生まれの方」 is a condition, not a person."""
    if _CUE.search(text) is None:
        return
    for match in _SENTENCE.finditer(text):
        year = _year(match[0])
        if year is None or year >= 1900:
            yield match[0]


def _year(text: str) -> int | None:
    text = unicodedata.normalize("NFKC", text)
    era = re.search(r"(明治|大正|昭和|平成|令和|[MTSHR])\s*(\d{1,2}|元)", text)
    if era:
        return _BEFORE_ERA[era[1][0]] + (1 if era[2] == "元" else int(era[2]))
    year = _YEAR.search(text)
    return int(year[0]) if year else None


def _fold(header: str) -> str:
    return unicodedata.normalize("NFKC", header).strip()
