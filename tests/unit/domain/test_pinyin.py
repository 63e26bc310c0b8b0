"""Readings of Chinese characters are those of pypinyin, without what it costs to load that library."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest
from pypinyin import Style, lazy_pinyin
from pypinyin import pinyin as all_of_pypinyin

from hub.domain import pinyin
from hub.domain.pinyin import readings, spoken

TEXTS = (
    *(
        "重庆银行",
        "长沙长城汽车",
        "中国人民银行",
        "王小明",
        "欧阳娜娜",
        "单田芳",
        "吕布",
        "略阳绿茵",
        "乐清音乐厅",
        "行长",
    ),
    *(
        "一不小心",
        "曾国藩",
        "仇英",
        "贾宝玉",
        "乾隆",
        "重重叠叠",
        "厦门大厦",
        "台州",
        "欸",
        "〇",
        "龘",
        "張偉",
        "東方紅",
    ),
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_its_words_are(text: str) -> None:
    """重 of 重庆 is chong, 行 of 银行 is hang; ü is v."""
    assert tuple(lazy_pinyin(text, errors="ignore")) == spoken(text)


def test_a_character_has_all_its_readings() -> None:
    """The most frequent first, as pypinyin has them."""
    for character in sorted(set("".join(TEXTS))):
        (expected,) = all_of_pypinyin(character, style=Style.NORMAL, heteronym=True)
        assert tuple(expected) == readings(character)


@pytest.mark.parametrize("text", ["", "Huber", "かな", "김"])
def test_what_is_no_chinese_has_no_reading(text: str) -> None:
    """It is left out, as is what stands between."""
    assert () == spoken(text)
    assert ("wang",) == spoken(f"王{text}")


def test_the_library_is_not_loaded() -> None:
    """Neither where names are compared nor where they are searched: it takes 57 MB, and a quarter of a second."""
    program = (
        "import sys\n"
        "from hub.context.names import compatible\n"
        "from hub.journal.search_pinyin import latin_of\n"
        "assert compatible('王小明', 'Wang Xiaoming') and latin_of('重庆银行', is_person=False)\n"
        "print([name for name in sys.modules if name.startswith('pypinyin')])\n"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "[]" == told.stdout.strip()


def test_words_are_read_in_small_pieces() -> None:
    """While a thread reads them, others have their turn: nowhere is more than a part of the file read at once."""
    longest = 0
    decode = pinyin._decode

    def measured(text: str, at: int) -> tuple[object, int]:
        nonlocal longest
        value, end = decode(text, at)
        longest = max(longest, end - at)
        return value, end

    words = [f'"{number}": [["a"], ["b"]]' for number in range(1_000)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pinyin, "_decode", measured)
        found = list(pinyin._items("{" + ",\n".join(words) + "}"))
    assert [(str(number), [["a"], ["b"]]) for number in range(1_000)] == found
    assert longest < 100


def test_two_threads_may_ask_at_once() -> None:
    """Each gets what the other gets, also while the tables are read for the first time."""
    pinyin._words.cache_clear()
    pinyin._characters.cache_clear()
    spoken.cache_clear()
    found: list[Sequence[str]] = []
    threads = [threading.Thread(target=lambda: found.append(spoken("重庆银行"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [("chong", "qing", "yin", "hang")] * 2 == found
