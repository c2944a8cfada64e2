"""Lists and nominees made by hand for the renderers: fictional firms, every category."""

from __future__ import annotations

from datetime import UTC, date, datetime

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import load
from greenportal.sheets.printing import printed
from nominations.packets import data as d

AT = datetime(2022, 10, 9, 7, 30, tzinfo=UTC)
SHA = "3f2a9c81aabbccdd" + "0" * 48
STAMP = d.VersionStamp(code="GP1:L:12:2:3f2a9c81aabbccdd", number=2, sha256=SHA)
ROUND = d.Round(
    year=2022,
    notice="《大连市工业和信息化局关于组织推荐2022年度国家绿色制造名单相关工作的通知》",
    receiver="大连市工业和信息化局",
    receiving_department="资源节约综合利用处",
    copies=2,
    paper_due="2022年10月15日前",
)
OFFICE = d.Office("瓦房店市", "瓦房店市工业和信息化局", "王䶮", "0411-00000000", date(2022, 10, 9))
FACTORY_COLUMNS = (
    d.ListColumn("district", "地区"),
    d.ListColumn("organisation", "工厂（企业）名称"),
    d.ListColumn("uscc", "统一社会信用代码", "code"),
    d.ListColumn("industry", "所属行业"),
    d.ListColumn("evaluator", "第三方评价机构名称"),
    d.ListColumn("self_score", "自评得分", "decimal", 2),
    d.ListColumn("note", "备注"),
)
PRODUCT_COLUMNS = (
    d.ListColumn("organisation", "企业名称"),
    d.ListColumn("product_name", "产品名称"),
    d.ListColumn("model", "产品型号"),
    d.ListColumn("standard", "适用评价标准"),
    d.ListColumn("highlight", "绿色设计亮点"),
)


def factory_rows(number=12):
    return tuple(
        d.ListRow(
            n,
            {
                "district": "瓦房店市",
                "organisation": f"大连喆堃示例轴承制造有限公司第{n}工厂",
                "uscc": "91210281MA0TE5T670",
                "industry": "3451 滚动轴承制造",
                "evaluator": "大连示例绿色评价中心有限公司",
                "self_score": "86.50",
                "note": "",
            },
            id=f"v{n}",
        )
        for n in range(1, number + 1)
    )


def list_data(number=12, *, stamp=STAMP, **over):
    product = d.ListRow(
        1,
        {
            "organisation": "大连示例涂料有限公司",
            "product_name": "水性工业防护涂料",
            "model": "SX-100、SX-200",
            "standard": "T/CNCIA 01003-2017",
            "highlight": "挥发性有机物含量低于标准限值三成，包装可回收，生产用水循环利用。",
        },
        id="p1",
    )
    base = {
        "round": ROUND,
        "office": OFFICE,
        "categories": (
            d.ListCategory("factory", "绿色工厂", FACTORY_COLUMNS, factory_rows(number)),
            d.ListCategory("product", "绿色设计产品", PRODUCT_COLUMNS, (product,)),
        ),
        "stamp": stamp,
        "issued_at": AT,
    }
    return d.ListData(**{**base, **over})


def opinions():
    rows = (
        d.OpinionRow("大连喆堃示例轴承制造有限公司第1工厂", "无意见", ""),
        d.OpinionRow("水性工业防护涂料", "有意见", "2021年有一次在线监测数据传输异常，已整改。"),
    )
    return (
        d.DepartmentOpinion("大连市瓦房店生态环境分局", "2022年9月28日", "李昇", "盖章复函", rows),
        d.DepartmentOpinion(
            "瓦房店市应急管理局", "", "", "", tuple(d.OpinionRow(r.nominee, "未答复", "") for r in rows)
        ),
    )


def findings():
    rows = (
        d.FindingRow("EX1", "正常经营生产", "符合", "", "通知 一、第2段", "近三年正常生产。", open=False),
        d.FindingRow(
            "ENERGY",
            "能效达到标杆水平",
            "不符合",
            "需书面决定",
            "通知 一（一）第2段",
            "单位产品综合能耗高于标杆值。",
            "同意推荐：年底前完成余热改造。（王䶮，2022年10月8日）",
        ),
        d.FindingRow("EX5", "节能监察整改", "待人工核实", "不得报送", "通知 一、第2段", "未填写是否列入整改名单。"),
    )
    return (
        d.NomineeFindings(
            "大连喆堃示例轴承制造有限公司第1工厂", "绿色工厂", "2022年10月9日", rows, ("上传“信用中国”查询结果。",)
        ),
        d.NomineeFindings("水性工业防护涂料", "绿色设计产品", "2022年10月9日", rows[:1]),
    )


def signatures():
    places = (
        d.SignaturePlace("自评价报告", "法定代表人或单位负责人", "签字"),
        d.SignaturePlace("自评价报告", "申报单位公章", "盖章"),
    )
    return (
        d.NomineeSignatures("大连喆堃示例轴承制造有限公司第1工厂", "绿色工厂", places),
        d.NomineeSignatures("水性工业防护涂料", "绿色设计产品", ()),
    )


def basic_sheet(**answers):
    filled = {"factory_name": "大连喆堃示例轴承制造有限公司", "uscc": "91210281MA0TE5T670", **answers}
    return printed(load(sheet_file("2022", "factory_basic")), filled)


def nominee(*, sheets=None, uploads=None, **over):
    base = {
        "year": 2022,
        "category": "绿色工厂",
        "subject": "大连喆堃示例轴承制造有限公司第1工厂",
        "applicant": "大连喆堃示例轴承制造有限公司",
        "uscc": "91210281MA0TE5T670",
        "authority": "瓦房店市工业和信息化局",
        "sheets": sheets if sheets is not None else (basic_sheet(), printed(load(sheet_file("2022", "statement")), {})),
        "uploads": uploads
        if uploads is not None
        else (
            d.UploadedPart("自评价报告", "self.pdf", 58, "a" * 64, True, "签字、盖章"),
            d.UploadedPart("现场照片", "photo.jpg", 0, "b" * 64, False),
            d.UploadedPart("第三方评价报告", "third.pdf", 40, "c" * 64, True, "签字、盖章"),
        ),
        "confirmed": "法定代表人王䶮已于2022年10月8日确认全部内容。",
        "dated": date(2022, 10, 9),
        "issued_at": AT,
    }
    return d.NomineePart(**{**base, **over})


def correction():
    return d.CorrectionPage(
        round=ROUND,
        office=OFFICE,
        category="绿色工厂",
        position=3,
        nominee="大连喆堃示例轴承制造有限公司第3工厂",
        changes=(
            d.Change("第三方评价机构名称", "大连示例绿色评价中心有限公司", "大连示例节能评价有限公司"),
            d.Change("备注", "", "中央企业"),
        ),
        reason="第三方评价机构名称与评价报告不一致，按报告更正。",
        stamp=d.VersionStamp("GP1:C:7:3:3f2a9c81aabbccdd", 3, SHA),
        receipt_no="DL2022-0007",
        issued_at=AT,
    )


def receipt():
    return d.Receipt(
        round=ROUND,
        office="瓦房店市工业和信息化局",
        receipt_no="DL2022-0007",
        received_at=AT,
        received_spoken="2022年10月9日（星期日）15:30",
        submitted_by="李昇",
        counts=(("绿色工厂", "12家"), ("绿色设计产品", "1项")),
        stamp=STAMP,
        next_steps=(
            "2022年10月15日前将纸质材料一式两份送达市工信局资源节约综合利用处。",
            "市局核对后，需要补正的会在本系统退回并注明原因。",
        ),
        contact="0411-00000000",
    )
