"""Texts that break careless code; written for this suite (research B3: Chinese included)."""

NAUGHTY = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' OR 1=1 --", "{{ 7*7 }}{% debug %}", "${7*7}", "=1+1", "@SUM(A1)",
    "\x00", "a\x00b", "\ufeff前", "\u202e反转", "\u200b", "\ud800", "a\ud800b", "🤷‍♀️", "👨‍👩‍👧", "𬭚䶮𠮷", "㎡①½²", "ﬀ", "e\u0301" * 20, "\u0300",
    "１２３", "１，２３４．５", "九千九百九十九", "NaN", "Infinity", "-0", "1e309", "9" * 400, "0x1F", "1_000", "٣", "১২", "Ⅷ", "〇", "null", "None",
    "undefined", "true", "[]", "{}", "../../etc/passwd", "%s%d%n", "\\", "\r\n\r\n", "\t", " ", "\u3000", "——", "a" * 25000, "字" * 6000,
    "ß", "İ", "ŉ", "ﷺ", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A", "مرحبا", "\u2066x\u2069", "¹²³", "2022-02-30", "0000-00-00", "99999-99-99", "@", "a@b", "http://", "www.",
]  # fmt: skip
