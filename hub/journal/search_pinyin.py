"""Chinese names as they are typed in Latin letters: pinyin without tones, and its initials.

Surnames are read as surnames are (单 shan, 曾 zeng, 仇 qiu), and, since people type that too, as the character mostly
is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final

from hub.domain import pinyin

MAX_CHARACTERS: Final = 24
_MOST_READINGS: Final = 6
_SHORT: Final = 2

_SURNAMES: Final[dict[str, str]] = {
    "单": "shan", "單": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "任": "ren", "区": "ou", "區": "ou",
    "查": "zha", "盖": "ge", "蓋": "ge", "朴": "piao", "覃": "qin", "种": "chong", "冼": "xian", "召": "shao",
    "华": "hua", "華": "hua", "纪": "ji", "紀": "ji", "乐": "yue", "樂": "yue", "宓": "mi", "缪": "miao", "繆": "miao",
    "翟": "zhai", "牟": "mu", "员": "yun", "員": "yun", "贠": "yun", "隗": "wei", "祭": "zhai", "折": "she",
    "秘": "bi", "黑": "he", "六": "lu", "不": "fou", "能": "nai", "撒": "sa", "瞿": "qu", "尹": "yin", "葛": "ge",
    "长": "zhang", "重": "chong", "燕": "yan", "应": "ying", "應": "ying", "那": "na", "车": "che", "車": "che",
    "宁": "ning", "寧": "ning", "逄": "pang", "晁": "chao", "洗": "xian", "繁": "po", "句": "gou", "适": "kuo",
    "洪": "hong", "石": "shi", "万": "wan", "郇": "xun", "佴": "nai", "妫": "gui", "炅": "gui", "谌": "chen",
    "諶": "chen", "阚": "kan", "闞": "kan", "訾": "zi", "亓": "qi", "仝": "tong", "臧": "zang", "麦": "mai",
}  # fmt: skip
"""Surnames that are read otherwise than the character elsewhere, or mistaken for it."""

_LONG_SURNAMES: Final[dict[str, tuple[str, ...]]] = {
    "欧阳": ("ou", "yang"), "歐陽": ("ou", "yang"), "司马": ("si", "ma"), "司馬": ("si", "ma"),
    "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"), "諸葛": ("zhu", "ge"), "东方": ("dong", "fang"),
    "尉迟": ("yu", "chi"), "尉遲": ("yu", "chi"), "万俟": ("mo", "qi"), "萬俟": ("mo", "qi"),
    "单于": ("chan", "yu"), "單于": ("chan", "yu"), "长孙": ("zhang", "sun"), "長孫": ("zhang", "sun"),
    "澹台": ("tan", "tai"), "皇甫": ("huang", "fu"), "令狐": ("ling", "hu"), "慕容": ("mu", "rong"),
    "夏侯": ("xia", "hou"), "公孙": ("gong", "sun"), "公孫": ("gong", "sun"), "轩辕": ("xuan", "yuan"),
    "宇文": ("yu", "wen"), "司徒": ("si", "tu"), "司空": ("si", "kong"), "独孤": ("du", "gu"), "獨孤": ("du", "gu"),
    "南宫": ("nan", "gong"), "西门": ("xi", "men"), "拓跋": ("tuo", "ba"), "呼延": ("hu", "yan"),
    "赫连": ("he", "lian"), "钟离": ("zhong", "li"), "申屠": ("shen", "tu"), "太史": ("tai", "shi"),
    "端木": ("duan", "mu"), "百里": ("bai", "li"), "闻人": ("wen", "ren"), "濮阳": ("pu", "yang"),
}  # fmt: skip


def latin_of(name: str, *, is_person: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a Chinese name may be typed as: the whole of it in pinyin, and its initials.

    A person's with the surname first and last; a company's from each of its syllables on.
    """
    whole: dict[str, None] = {}
    initials: dict[str, None] = {}
    name = name[:MAX_CHARACTERS]
    for surname, given in _readings(name, is_person=is_person):
        orders = _orders(surname, given, is_person=is_person)
        whole |= dict.fromkeys("".join(syllables) for syllables in orders)
        initials |= dict.fromkeys("".join(one[0] for one in syllables) for syllables in orders)
    return tuple(whole), tuple(one for one in initials if len(one) >= _SHORT)


def _orders(surname: Sequence[str], given: Sequence[str], *, is_person: bool) -> list[tuple[str, ...]]:
    if is_person:
        return [(*surname, *given), (*given, *surname)]
    every = (*surname, *given)
    return [every[first:] for first in range(len(every))]


def _readings(name: str, *, is_person: bool) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    long_surname = _LONG_SURNAMES.get(name[:2]) if len(name) > _SHORT else None
    surnames: list[tuple[str, ...]]
    if not is_person:
        surnames, rest = [()], name
    elif long_surname is not None:
        surnames, rest = [long_surname], name[2:]
    else:
        usual = _syllables(name[0])
        read = _SURNAMES.get(name[0])
        surnames, rest = ([(read,)] if read else []) + ([usual] if (read,) != usual else []), name[1:]
    given = _syllables(rest)
    for surname in surnames:
        for typed in islice(product(*map(_typed, (*surname, *given))), _MOST_READINGS):
            yield typed[: len(surname)], typed[len(surname) :]


def _typed(syllable: str) -> tuple[str, ...]:
    """Return a syllable as it is typed: ü is v on a keyboard, u where there is none, yu in a passport."""
    if "v" not in syllable:
        return (syllable,)
    return (syllable, syllable.replace("v", "u"), syllable.replace("v", "yu"))


def _syllables(characters: str) -> tuple[str, ...]:
    return tuple(one for one in pinyin.spoken(characters) if one.isascii() and one.isalpha())
