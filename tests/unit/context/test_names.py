"""How two spellings of a name are to each other, for people and for companies."""

from __future__ import annotations

import pytest

from hub.context.companies import company_name, compare_companies, has_legal_form
from hub.context.names import NameRelation, compare_people, compatible, person_name

SAME, SIMILAR = NameRelation.SAME, NameRelation.SIMILAR
COMPATIBLE, PARTLY, NEARLY = NameRelation.COMPATIBLE, NameRelation.PARTLY, NameRelation.NEARLY
OTHER_GIVEN, OTHER_SURNAME, OTHER = NameRelation.OTHER_GIVEN, NameRelation.OTHER_SURNAME, NameRelation.OTHER
TRANSCRIBED, UNREAD, UNKNOWN = NameRelation.TRANSCRIBED, NameRelation.UNREAD, NameRelation.UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("Maria Huber", "Huber, Maria", SAME),
        ("Dr. Maria Huber", "maria huber", SAME),
        ("Jürgen Müller", "Juergen Mueller", SAME),
        ("Jürgen Müller", "Jurgen Muller", SAME),
        ("Łukasz Wójcik", "Lukasz Wojcik", SAME),
        ("Søren Østergård", "Soeren Oestergaard", SAME),
        ("Иван Петров", "Ivan Petrov", SAME),
        ("Hans-Peter Vogt", "Hanspeter Vogt", SAME),
        ("John McDonald", "John Mc Donald", SAME),
        ("Johann von Goethe", "Johann Goethe", SAME),
        ("MÜLLER Thomas", "Thomas Müller", SAME),
        ("Stephan Meyer", "Stefan Maier", SIMILAR),
        ("Bob Smith", "Robert Smith", SIMILAR),
        ("Tohmas Vogt", "Thomas Vogt", SIMILAR),
        ("Tendai Moyo", "Tandai Moyo", NEARLY),
        ("M. Huber", "Maria Huber", COMPATIBLE),
        ("José García", "Jose Garcia Lopez", COMPATIBLE),
        ("Huber", "Maria Huber", PARTLY),
        ("Maria und Josef Huber", "Maria Huber", PARTLY),
        ("", "Maria Huber", UNKNOWN),
        ("Maria Huber", "Maria Weber", OTHER_SURNAME),
        ("Maria Huber", "Jonas Huber", OTHER_GIVEN),
        ("M. Huber", "Jonas Huber", OTHER_GIVEN),
        ("Daniel Roth", "Daniela Roth", OTHER_GIVEN),
        ("Katrin Vogt", "Karin Vogt", OTHER_GIVEN),
        ("Anna Maria Huber", "Anna Lena Huber", OTHER_GIVEN),
        ("John A. Smith", "John B. Smith", OTHER_GIVEN),
        ("Okonkwo Chidi", "Okonkwo Amaka", OTHER),
        ("Do Van Minh", "Tran Van Minh", OTHER),
        ("Maria Huber", "Petra Schulz", OTHER),
        ("王伟", "王偉", SAME),
        ("王小明", "Xiaoming Wang", TRANSCRIBED),
        ("欧阳娜娜", "Ouyang Nana", TRANSCRIBED),
        ("曾志伟", "Zeng Zhiwei", TRANSCRIBED),
        ("吕布", "Lyu Bu", TRANSCRIBED),
        ("王小明", "David Wang", PARTLY),
        ("王小明", "Wong Siu Ming", TRANSCRIBED),
        ("王小明", "Wong Ka Ho", UNREAD),
        ("陳大文", "Kelvin Chan Tai Man", TRANSCRIBED),
        ("徐志明", "Hsu Chih-ming", TRANSCRIBED),
        ("Zhang Guohua", "Chang Kuo-hua", TRANSCRIBED),
        ("Li Bing", "Li Ping", OTHER),
        ("李冰", "Li Ping", OTHER_GIVEN),
        ("김민준", "Min-jun Kim", SAME),
        ("김민준", "Kim Min-su", OTHER),
        ("Jung Kyung-hee", "Jeong Gyeonghui", SAME),
        ("きょうこ おおの", "Ono Kyoko", SAME),
        ("サトウ ケン", "Ken Sato", SAME),
        ("عبد الرحمن الهاشمي", "Abdulrahman Al-Hashimi", SIMILAR),
        ("حسن الخطيب", "Hussein Al Khatib", OTHER_GIVEN),
        ("Χρήστος Ευαγγέλου", "Christos Evangelou", SAME),
        ("Михаил Хохлов", "Mikhail Khokhlov", SAME),
        ("Миша Лебедев", "Mikhail Lebedev", SIMILAR),
        ("JÃ¼rgen WeiÃŸ", "Jürgen Weiß", SAME),
        ("Hossein Rezaei", "Hussein Rezai", SIMILAR),
        ("Sofia Ruiz", "Sonia Ruiz", OTHER_GIVEN),
        ("Sonja Ruiz", "Tonja Ruiz", NEARLY),
        ("José María Ruiz", "María José Ruiz", NEARLY),
        ("Nagy Anna Mária", "Anna Mária Nagy", SAME),
        ("Mr John Smith", "Mrs John Smith", OTHER_GIVEN),
        ("M. Claude Rey", "Mme Claude Rey", OTHER_GIVEN),
        ("M. Claude Rey", "Claude Rey", COMPATIBLE),
        ("Grace Zhu Xiaofeng", "朱晓峰", TRANSCRIBED),
        ("Trần Văn Hùng", "Tran Van Hung", SAME),
        ("Trần Văn Hùng", "Trần Văn Hưng", OTHER_GIVEN),
        ("Lê Ngọc Ánh", "Lê Ngọc Anh Thư", OTHER_GIVEN),
        ("Lê Thị Thủy", "Lê Thị Thuỷ", SAME),
        ("n/a", "Maria Huber", UNKNOWN),
        ("Unbekannt", "N.N.", UNKNOWN),
        ("Na Li", "李娜", TRANSCRIBED),
        ("王伟", "王芳", OTHER_GIVEN),
        ("王小明", "Wang Xiaoliang", OTHER_GIVEN),
        ("Wang Xiaoming", "Wang Xiaomin", OTHER),
    ],
)
def test_two_peoples_names(one: str, other: str, relation: NameRelation) -> None:
    """In either order."""
    ours, theirs = person_name(one), person_name(other)
    assert (relation, relation) == (compare_people(ours, theirs), compare_people(theirs, ours))
    assert compatible(one, other) is (relation not in (OTHER, OTHER_GIVEN, OTHER_SURNAME))


def test_fields_of_their_own_say_which_part_is_which() -> None:
    """So a woman who married is no sister, whatever her name; and given name and surname exchanged are not the same."""
    before, after = person_name("", "Hedda", "Brinkmann"), person_name("", "Hedda", "Oelschläger")
    assert OTHER_SURNAME is compare_people(before, after)
    assert SIMILAR is compare_people(person_name("", "Martin", "Thomas"), person_name("", "Thomas", "Martin"))


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("Karl Huber jun.", "junior"),
        ("Huber, Karl sen.", "senior"),
        ("Walter Vance III", "third"),
        ("Sr. Ortega", ""),
        ("Li Jun", ""),
        ("Kim Min-jun", ""),
        ("Jan Novák ml.", "junior"),
    ],
)
def test_who_of_several_of_one_name_is_read(name: str, generation: str) -> None:
    """Behind the name, before or after a comma; not where people are called so."""
    assert generation == person_name(name).generation


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("Huber GmbH", "HUBER", SAME),
        ("Firma Vogt Maschinenbau GmbH", "Maschinenbau Vogt GmbH", SAME),
        ("Huawei Technologies Co., Ltd.", "Huawei Technologies Limited", SAME),
        ("Nowak Sp. z o.o.", "NOWAK SP Z OO", SAME),
        ("Bar S.r.l.", "Bar SRL", SAME),
        ("Lüders Gesellschaft mit beschränkter Haftung", "Lueders GmbH", SAME),
        ("華為技術有限公司", "华为技术", SAME),
        ("株式会社田中", "田中株式会社", SAME),
        ("Feinmechnaik Borchers", "Feinmechanik Borchers", SIMILAR),
        ("Vogt GmbH", "Vogt GmbH & Co. KG", OTHER),
        ("Novatec AG", "Novatec Inc.", OTHER),
        ("Siemens", "Siemens Energy", OTHER),
        ("华东贸易有限公司", "Huadong Trading", UNREAD),
        ("苏州恒瑞机械有限公司", "Suzhou Hengrui Machinery Co., Ltd.", PARTLY),
        ("华东贸易有限公司", "Huadong Maoyi Co., Ltd.", TRANSCRIBED),
        ("주식회사 한빛", "Hanbit Co., Ltd.", SAME),
        ("株式会社アオヤマ", "Aoyama Co., Ltd.", SAME),
        ("ООО «Север»", "Sever LLC", SAME),
        ("ООО «Север»", "АО «Север»", OTHER),
        ("SARL Garnier", "Garnier S.A.R.L.", SAME),
        ("Vogt & Partner PartG mbB", "Vogt und Partner", SAME),
        ("Wilh. Oster KG", "Wilhelm Oster KG", SIMILAR),
        ("Gebr. Oster", "Gebrüder Oster", SAME),
        ("Friedr. Oster KG", "Friedhelm Oster KG", OTHER),
        ("privat", "Privat", UNKNOWN),
    ],
)
def test_two_companies_names(one: str, other: str, relation: NameRelation) -> None:
    """Legal forms tell companies apart where both say one; a part of a name is another company."""
    ours, theirs = company_name(one), company_name(other)
    assert (relation, relation) == (compare_companies(ours, theirs), compare_companies(theirs, ours))


@pytest.mark.parametrize(
    ("name", "is_company"),
    [("Elektro Blitz e.K.", True), ("Telefónica S.A.", True), ("Vogt AG", True), ("Ag Patel", False), ("Li Se", False)],
)
def test_a_legal_form_says_that_it_is_a_company(name: str, is_company: bool) -> None:
    """Not what is a person's name as well."""
    assert is_company is has_legal_form(name)


@pytest.mark.parametrize(
    "unit", ["a", "Huber ", "a.", "ü", "王", "김", "あ", "م", "Ã¼", "и", "a-", ",", "\u0301", "von ", "I "]
)
def test_what_is_looked_at_of_a_name_is_bounded(unit: str) -> None:
    """Whatever stands in the field, and however much of it."""
    name, company = person_name(unit * 50_000), company_name(unit * 50_000)
    compare_people(name, person_name("Maria Huber"))
    compare_companies(company, company_name("Huber GmbH"))
    assert len(name.words) <= 8
    assert len(name.han) <= 12
    assert sum(len(word[0]) for word in company.core) + len(company.han) <= 200
