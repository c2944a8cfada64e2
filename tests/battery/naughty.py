"""Texts that break careless code: written here, nothing fetched. Every one is a `str` that a browser could send.

Groups by what they try; `TEXTS` is all of them, each once. Bytes that are no UTF-8 are in `BYTES`: they come to us
as Django decodes them.
"""

from __future__ import annotations

#: Rare characters of names, by block; the last ones no common font draws.
NAMES = (
    "张𠮷三", "李㐂", "𬭚厂", "䶮记公司", "王𪚥", "𫝀村", "𫠝", "𬺡", "𮯰", "𰀀", "𱍐", "𲎯", "〇二〇厂", "零〇", "堃喆犇淼",
    "阿卜杜·热合曼", "阿卜杜•热合曼", "阿卜杜‧热合曼", "歐陽脩", "龍井廠", "户戶戸", "説說说", "臺台台", "⺁⼀⿰", "⿰氵舌", "㊣㈱㍿", "",
    "葛󠄀城", "辻󠄂", "神︀", "㐀㐁㐂", "鿿", "龦", "〆々〻", "ㄅㄆㄇ", "がぎ", "한국",
)  # fmt: skip
#: Full width, digits of other scripts, units, and numbers as people write them.
FIGURES = (
    "１２３", "１，２３４．５", "－５", "九千九百九十九", "壹佰贰拾叁万", "一亿二千万", "3.5万", "1,234,567.890", "1 234,5", ".5", "5.", "-0", "+7", "1e309",
    "-1e-309", "NaN", "Infinity", "-Infinity", "0x1F", "0b1", "1_000", "٣", "১২", "Ⅷ", "½", "²", "①", "〇", "9" * 400, "0." + "0" * 300 + "1",
    # The most digits that are read as a number: more than Python's own decimal context holds.
    "9" * 30, "0." + "0" * 28 + "1",
    "100%", "１００％", "12吨标准煤", "1/3", "1-2", "约100", "≥90", "--5", "0000012",
)  # fmt: skip
DATES = (
    "2022-02-30", "0000-00-00", "99999-99-99", "2022年13月1日", "二〇二二年九月二十日", "2022/9/20", "20220920", "2022-09-20T00:00:00Z", "今天", "1900-01-00",
)  # fmt: skip
#: Marks that nobody sees, and what turns the writing round.
UNSEEN = (
    "\x00", "a\x00b", "\x01\x02\x1f", "\x7f\x85", "\x1b[31m红", "\ufeff前", "\u202e反转", "\u2066x\u2069", "\u200b", "甲\u200d乙", "甲\u200c乙", "\u2060",
    "\xad", "\u2028行\u2029段", "\ufffe\uffff", "\ufffd", "\u3000", " ", "\t", "\r\n\r\n", "\r", "a\vb\fc", "\u180e", "\U000e0041\U000e007f", "\U0010ffff",
)  # fmt: skip
COMBINED = (
    "🤷‍♀️", "👨‍👩‍👧‍👦", "🇨🇳", "e\u0301" * 20, "\u0300", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A", "ﬀ", "ﷺ", "ŉ", "İıIi", "ß", "مرحبا", "שלום", "ก็็็็็็", "㎡㎥㏄",
)  # fmt: skip
MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'><svg/onload=alert(1)>", "<!--", "]]>", "<![CDATA[x]]>", "</textarea><script>alert(1)</script>",
    "&lt;b&gt;&amp;&#0;", "javascript:alert(1)", "<style>@import url(//example.com)</style>", "</title></table>", '<a href="asset:x">', "<b", "`${alert(1)}`",
)  # fmt: skip
CODE = (
    "' OR 1=1 --", "'; DROP TABLE filings_filing; --", '" OR ""="', "1) UNION SELECT NULL--", "\\'", "%27", "$$;select pg_sleep(9);$$", "{{ 7*7 }}{% debug %}",
    "{% load static %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0.__class__}", "%s%d%n", "%(x)s", "\\u0000", "\\N{BULLET}", "__import__('os')",
    "null", "None", "undefined", "true", "[]", "{}", '{"$ne": 1}', "../../etc/passwd", "..\\..\\windows", "file:///etc/passwd", "; ls", "$(id)", "`id`",
    "\\", "/", "@", "a@b", "http://", "www.", "\r\nSet-Cookie: a=b", "models[r1].model", "_version", "__proto__",
)  # fmt: skip
#: What a spreadsheet would take for a formula.
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://example.com","x")', "＝1+1", "'=1", "=", "-", "#REF!", "1E5", "001",
)  # fmt: skip
LONG = ("字" * 6_000, "a" * 25_000, "长文本。\n" * 3_000, "𠮷" * 4_000, "<" * 5_000, "=" + "1+" * 9_000 + "1")
TEXTS = tuple(dict.fromkeys((*NAMES, *FIGURES, *DATES, *UNSEEN, *COMBINED, *MARKUP, *CODE, *FORMULAS, *LONG)))
#: Form bodies that are no UTF-8: GBK, GB18030 four-byte forms, a lone continuation, an over-long slash, a cut character.
BYTES = (
    "瓦房店轴承".encode("gb18030"), "䶮𠮷".encode("gb18030"), b"\x81\x30\x81\x30", b"\x80", b"\xc0\xaf", b"\xe4\xb8", b"\xff\xfe\x00\x4e", b"\xed\xa0\x80",
    b"\xf5\x80\x80\x80",
)  # fmt: skip
