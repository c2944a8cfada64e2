"""Published rows understood: category with its level, batch, name and models, and what may be matched. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from dynamic_mgmt.constants import CATEGORY_WORDS, LEVEL_WORDS, NOT_FINAL
from dynamic_mgmt.naming import is_chinese, is_short_name, name_key
from greenportal.directory.tables import Row, parse_date
from greenportal.directory.validators import validate_uscc
from greenportal.findings.types import Invalid

REQUIRED = ("category", "name")
#: The whole national list has some fourteen thousand rows.
MAX_ROWS = 20_000
HEADINGS = {
    "category": ("类别", "名单类别"),
    "level": ("级别",),
    "batch": ("批次",),
    "year": ("年度", "名单年度"),
    "listed_on": ("公布日期",),
    "published_year": ("公布年份",),
    "name": ("名称", "单位名称", "企业名称", "园区名称"),
    "model": ("产品型号", "产品名称及型号", "型号"),
    "uscc": ("统一社会信用代码", "信用代码"),
    "province": ("省份", "省"),
    "city": ("城市", "市"),
    "district": ("区市县", "管理单位", "所在区县"),
    "territory": ("行政区划", "行政区划代码"),
    "evaluator": ("第三方机构名称", "评价机构"),
    "standard": ("评价标准", "标准"),
    "removed_on": ("移出日期",),
    "removal_reason": ("移出原因",),
    "removal_document": ("移出文号",),
    "source": ("来源",),
}
_CATEGORY = re.compile(r"^(?P<word>[^(]+?)(?:\((?P<level>[^)]*)\))?$")
_BATCH = re.compile(r"第?\s*(?:(\d+)|([一二三四五六七八九十]+))\s*批")
_NUMERALS = {char: number for number, char in enumerate("一二三四五六七八九", start=1)}
_NOT_FINAL = re.compile(r"公示\s*(?:stage|阶段|期)")
_SHORT_NOTE = re.compile(r"short names?|简称", re.IGNORECASE)
_UNSURE_NOTE = re.compile(r"back-translated|name (?:not confirmed|from memory)|: inferred", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of a list as it will be stored. `unmatched_reason` empty: may be matched by machine."""

    number: int
    category: str
    level: str
    batch: str
    list_year: int | None
    listed_on: date | None
    name_as_listed: str
    name_key: str
    product_model: str
    uscc: str
    province: str
    city: str
    evaluator_name: str
    standard: str
    removed_on: date | None
    removal_reason: str
    removal_document: str
    unmatched_reason: str
    source: str
    district: str = ""
    territory: str = ""
    published_year: int | None = None

    @property
    def list_key(self) -> tuple[str, str, str]:
        """Which list it stands on, as far as every source says so."""
        return (self.category, self.level, self.batch)

    @property
    def identity(self) -> tuple[str, str, str, int | None, str, str, str]:
        """What makes two rows the same membership of a list (constraint `listed_once`)."""
        return (
            self.category,
            self.level,
            self.batch,
            self.list_year,
            self.province,
            self.name_key,
            self.product_model,
        )


def parse_category(text: str, level_text: str = "") -> tuple[str, str]:
    """Return (category, level) of 绿色工厂(省级); a separate level column wins over the bracket.

    Without any level the row is not understood: ValueError with a Chinese message.
    """
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    found = _CATEGORY.match(folded)
    category = CATEGORY_WORDS.get(found["word"]) if found else None
    if found is None or category is None:
        raise ValueError(
            f"类别“{text}”不在绿色工厂、绿色设计产品、绿色工业园区、绿色供应链管理企业之中，改为其中一类。"
        )
    word = "".join(unicodedata.normalize("NFKC", level_text).split()) or found["level"] or ""
    level = LEVEL_WORDS.get(word)
    if level is None:
        raise ValueError("没有写明级别，在类别后的括号内或“级别”列填写国家级、省级或市级。")
    return category, level


def parse_batch(text: str) -> str:
    """Return the batch as stored: the bare number where one is written (第七批, 省第9批, 7), else the text."""
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    if folded.isdigit():
        return str(int(folded))
    if re.fullmatch(r"\d{4}第.+批", folded):
        return folded[:20]
    found = _BATCH.search(folded)
    if found is None:
        return folded[:20]
    return str(int(found[1])) if found[1] else str(_chinese_number(found[2]))


def _chinese_number(text: str) -> int:
    """Return the value of 一 … 九十九."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _NUMERALS[text]
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0)


def unmatched_reason(name: str, note: str) -> str:
    """Return why a row may never be matched by machine, or an empty string.

    Rows seen at 公示 stage are no list yet; short, foreign and unconfirmed names are no registered
    names. `note` is the source as written.
    """
    if _NOT_FINAL.search(note):
        return NOT_FINAL
    if is_short_name(name) or _SHORT_NOTE.search(note):
        return "来源仅有简称"
    if not is_chinese(name):
        return "来源没有中文名称"
    if _UNSURE_NOTE.search(note):
        return "名称或对应关系待核对"
    return ""


def _split_product(name: str, model: str) -> tuple[str, str]:
    """Return legal name and model of a product row whose two are printed in one cell, parted by a space."""
    if model:
        return name, model
    head, _, rest = name.partition(" ")
    return (head, rest.strip()) if rest else (name, "")


def _year(text: str) -> int | None:
    folded = unicodedata.normalize("NFKC", text).strip().removesuffix("年")
    if not folded:
        return None
    year = int(folded)
    if not 2016 <= year <= 2100:
        raise ValueError(text)
    return year


def parse_row(row: Row) -> tuple[ListedRow | None, list[str]]:
    """Return the row understood, or None with every Chinese reason why not."""
    messages: list[str] = []
    category = level = uscc = ""
    dates: dict[str, date | None] = {"listed_on": None, "removed_on": None}
    years: dict[str, int | None] = {"year": None, "published_year": None}
    try:
        category, level = parse_category(row["category"], row["level"])
    except ValueError as error:
        messages.append(str(error))
    for key, label in (("year", "年度"), ("published_year", "公布年份")):
        try:
            years[key] = _year(row[key])
        except ValueError:
            messages.append(f"{label}“{row[key]}”应为4位年份（2016年以后），核对后填写。")
    for key in dates:
        try:
            dates[key] = parse_date(row[key])
        except ValueError:
            messages.append(f"{HEADINGS[key][0]}“{row[key]}”应为日期，如2023-03-23。")
    try:
        uscc = validate_uscc(row["uscc"]) if row["uscc"] else ""
    except Invalid as error:
        messages.append(error.message)
    name = " ".join(row["name"].split())
    if not name or len(name) > 160:
        messages.append("填写名称（1至160个字）。")
    if dates["removed_on"] and dates["listed_on"] and dates["removed_on"] < dates["listed_on"]:
        messages.append("移出日期应不早于公布日期，核对两个日期。")
    if messages:
        return None, messages
    return _understood(row, category, level, years, dates, uscc, name), []


def _understood(
    row: Row,
    category: str,
    level: str,
    years: dict[str, int | None],
    dates: dict[str, date | None],
    uscc: str,
    name: str,
) -> ListedRow:
    shown, model = _split_product(name, row["model"].strip()) if category == "product" else (name, row["model"].strip())
    return ListedRow(
        number=row.number,
        category=category,
        level=level,
        batch=parse_batch(row["batch"]),
        list_year=years["year"],
        published_year=years["published_year"],
        listed_on=dates["listed_on"],
        name_as_listed=shown,
        name_key=name_key(shown),
        product_model=model[:300],
        uscc=uscc,
        province=row["province"].strip()[:20],
        city=row["city"].strip()[:20],
        evaluator_name=row["evaluator"].strip()[:120],
        standard=row["standard"].strip()[:120],
        removed_on=dates["removed_on"],
        removal_reason=row["removal_reason"].strip()[:200],
        removal_document=row["removal_document"].strip()[:120],
        unmatched_reason=unmatched_reason(name, row["source"]),
        source=row["source"].strip()[:400],
        district=row["district"].strip()[:60],
        territory=row["territory"].strip()[:40],
    )
