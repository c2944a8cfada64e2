"""Sixty applicants that do not exist, over all districts and categories.

Every name bears 演示, every code comes from the fictional range of `greenportal.directory.fictional`,
so that nothing here can be taken for a real firm. Real listed units appear only in the register.
"""

from __future__ import annotations

from dataclasses import dataclass

from greenportal.directory.fictional import fictional_uscc
from nominations.constants import Category
from nominations.demo.scripts import Script, script_of


@dataclass(frozen=True, slots=True)
class Applicant:
    """One fictional applicant: `number` is its place in the cast, `index` that in its category; both seed its figures."""

    number: int
    district: str
    category: Category
    organisation: str
    subject: str
    industry: str
    product: str
    address: str
    index: int
    uscc: str
    legal_representative: str
    script: Script


#: Authority codes are those of greenportal/directory/data; the first district is the one shown in the tutorial.
DISTRICTS = ("210281", "210213", "210283", "210214", "210211", "210212", "210202", "210203", "210204", "210224")
DISTRICT_NAMES = {
    "210202": "中山区",
    "210203": "西岗区",
    "210204": "沙河口区",
    "210211": "甘井子区",
    "210212": "旅顺口区",
    "210213": "金州区",
    "210214": "普兰店区",
    "210224": "长海县",
    "210281": "瓦房店市",
    "210283": "庄河市",
}

#: (industry code of GB/T 4754-2017, what it is called in a firm's name, main product)
TRADES = (
    ("3451", "轴承", "滚动轴承"),
    ("3464", "制冷设备", "冷冻机组"),
    ("3670", "汽车零部件", "汽车转向节"),
    ("3731", "船舶重工", "散货船"),
    ("3823", "电气开关", "中压开关柜"),
    ("2614", "有机化学", "对二甲苯"),
    ("3041", "玻璃", "平板玻璃"),
    ("3130", "钢材", "热轧板材"),
    ("1361", "水产", "冷冻鱼片"),
    ("2710", "制药", "化学原料药"),
    ("3841", "锂电", "动力电池"),
    ("2911", "橡胶轮胎", "子午线轮胎"),
)
BRANDS = (
    "澄渊",
    "砺恒",
    "沐屿",
    "衡岳",
    "云汐",
    "拓澜",
    "禾岬",
    "铭砚",
    "霁川",
    "楷岚",
    "樾洲",
    "朔汀",
    "昱岑",
    "绮湾",
    "峤石",
    "淳屿",
    "烁辰",
    "珩沙",
    "渝汀",
    "屹禾",
    "枫渚",
    "湛岛",
    "璟岩",
    "泓港",
    "栎原",
    "涵岬",
    "皓湾",
    "岚礁",
    "晏海",
    "沅津",
)
PARK_NAMES = (
    "演示湾临港经济开发区",
    "演示岭先进制造产业园",
    "演示河精细化工园区",
    "演示滩装备制造产业园",
    "演示岛海洋经济产业园",
)
#: How the sixty are spread: mostly factories, as in the published lists.
SHARES = ((Category.FACTORY, 34), (Category.PRODUCT, 14), (Category.PARK, 5), (Category.SUPPLY_CHAIN, 7))


#: Names that nobody bears: a fictional surname before 示例.
SURNAMES = ("甘", "乐", "明", "平", "和", "安", "谷", "雨", "舟", "石")


def cast(limit: int | None = None) -> tuple[Applicant, ...]:
    """Return the sixty applicants, always the same; with `limit` the first so many, district of the tutorial first.

    The first district has at least one applicant of every category, all of them ready to be
    finalised, so that the tutorial can be walked through to the receipt.
    """
    rows: list[Applicant] = []
    for category, count in SHARES:
        for index in range(count):
            rows.append(_applicant(len(rows) + 1, category, index))
    if limit is None:
        return tuple(rows)
    return tuple(sorted(rows, key=lambda row: (DISTRICTS.index(row.district), row.index))[:limit])


def _applicant(number: int, category: Category, index: int) -> Applicant:
    district = DISTRICTS[index % len(DISTRICTS)]
    place = DISTRICT_NAMES[district].rstrip("市区县")
    # The shift after each run through the brands keeps names apart: the two lists have a common measure.
    code, trade, product = TRADES[(number + index + number // len(BRANDS)) % len(TRADES)]
    brand = BRANDS[number % len(BRANDS)]
    script = script_of(category, index)
    if category == Category.PARK:
        subject = f"{place}{PARK_NAMES[index % len(PARK_NAMES)]}"
        organisation = f"{place}{PARK_NAMES[index % len(PARK_NAMES)]}管理委员会"
    else:
        suffix = "集团股份有限公司" if category == Category.SUPPLY_CHAIN else "制造有限公司"
        organisation = f"{place}{brand}演示{trade}{suffix}"
        subject = {
            Category.FACTORY: f"{organisation}{'一厂区' if index % 7 == 3 else ''}",
            Category.PRODUCT: f"{brand}牌{product}（演示）",
            Category.SUPPLY_CHAIN: organisation,
        }[category]
    return Applicant(
        number=number,
        district=district,
        category=category,
        organisation=organisation,
        subject=script.twin or subject,
        industry=script.industry or code,
        product=product,
        address=f"大连市{DISTRICT_NAMES[district]}演示工业街{number}号",
        index=index,
        uscc=fictional_uscc(5000 + number, prefix="12" if category == Category.PARK else "91", region=district),
        legal_representative=f"{SURNAMES[number % len(SURNAMES)]}示例",
        script=script,
    )
