"""What a rulebook must keep to beyond the types of its values. Raises `Malformed` with the path."""

from __future__ import annotations

from greenportal.rounds.bookcodec import Malformed
from greenportal.rounds.booktypes import HARD, NO, SOFT, WEIGHTINGS, Rulebook

REQUIRED_NUMBERS = (
    "copies",
    "sanction_years",
    "staff_intermediate",
    "staff_senior",
    "park_industrial_share",
)
REQUIRED_WINDOWS = ("three_years", "five_years")
FORMATS = frozenset({"pdf", "xlsx", "image", "docx"})
DIRECTIONS = frozenset({"lower_is_better", "higher_is_better"})
#: Categories of the register: a year that nominates no products still manages those listed before.
LISTED = frozenset({"factory", "product", "park", "supply_chain"})
LEVELS = frozenset({"national", "provincial", "city"})
KINDS = frozenset({"total", "ratio", "share", "score"})
METHODS = frozenset({"weighted", "sum", "index"})


def check(book: Rulebook) -> None:
    """Refuse a rulebook that contradicts itself or lacks what code counts on."""
    _check_numbers(book)
    _check_times(book)
    _check_slots(book)
    _check_rules(book)
    _check_benchmarks(book)
    _check_evaluation_tables(book)
    _check_rest(book)
    _check_dynamic(book)


def _check_numbers(book: Rulebook) -> None:
    for name in REQUIRED_NUMBERS:
        if name not in book.numbers:
            raise Malformed(("numbers",), f"缺少数值“{name}”")
    for name, number in book.numbers.items():
        if number.value < 0:
            raise Malformed(("numbers", name, "value"), "不能是负数")
    for name in ("copies", "sanction_years", "staff_intermediate", "staff_senior"):
        if book.numbers[name].value != int(book.numbers[name].value):
            raise Malformed(("numbers", name, "value"), "应为整数")
    if book.cap_rule.limit < 1:
        raise Malformed(("cap_rule", "limit"), "上限至少为 1")


def _check_times(book: Rulebook) -> None:
    for name, clock in book.deadlines.items():
        if clock.closes_at <= clock.opens_at:
            raise Malformed(("deadlines", name, "closes_at"), "截止时间应晚于开始时间")
        if clock.channel not in {"electronic", "paper"}:
            raise Malformed(("deadlines", name, "channel"), "报送方式应为 electronic 或 paper")
        if clock.not_after and clock.not_after not in book.deadlines:
            raise Malformed(("deadlines", name, "not_after"), f"没有期限“{clock.not_after}”")
        if clock.not_after and clock.closes_at > book.deadlines[clock.not_after].closes_at:
            raise Malformed(
                ("deadlines", name, "closes_at"), f"不能晚于“{book.deadlines[clock.not_after].label}”的截止时间"
            )
    for name in REQUIRED_WINDOWS:
        if name not in book.windows:
            raise Malformed(("windows",), f"缺少回溯期“{name}”")
    for name, window in book.windows.items():
        if window.end < window.start:
            raise Malformed(("windows", name, "end"), "止日不能早于起日")
        if window.doubtful_from and window.doubtful_from > window.start:
            raise Malformed(("windows", name, "doubtful_from"), "存疑起日不能晚于起日")


def _check_slots(book: Rulebook) -> None:
    for key, slot in book.slots.items():
        path = ("slots", key)
        if slot.required not in {HARD, SOFT, NO}:
            raise Malformed((*path, "required"), "应为 hard、soft 或 no")
        if unknown := set(slot.accept) - FORMATS:
            raise Malformed((*path, "accept"), f"不支持的文件类型：{'、'.join(sorted(unknown))}")
        _known_categories(book, slot.categories, (*path, "categories"))


def _check_rules(book: Rulebook) -> None:
    for key, spec in book.rules.items():
        path = ("rules", key)
        if spec.id != key:
            raise Malformed((*path, "id"), f"编号应与键“{key}”一致")
        if spec.window and spec.window not in book.windows:
            raise Malformed((*path, "window"), f"没有回溯期“{spec.window}”")
        _known_categories(book, spec.categories, (*path, "categories"))
        for name, value in spec.params.items():
            if not isinstance(value, str | int | bool | tuple):
                raise Malformed((*path, "params", name), "参数应为文字、整数、是否或列表")


def _known_categories(book: Rulebook, given: tuple[str, ...], path: tuple[str, ...]) -> None:
    for category in given:
        if category not in book.categories:
            raise Malformed(path, f"没有类别“{category}”")


def _check_benchmarks(book: Rulebook) -> None:
    seen: set[str] = set()
    for index, row in enumerate(book.benchmarks):
        path = ("benchmarks", str(index))
        if row.key in seen:
            raise Malformed((*path, "key"), f"标杆值“{row.key}”写了两次")
        seen.add(row.key)
        if row.document not in book.benchmark_documents:
            raise Malformed((*path, "document"), f"没有文件“{row.document}”")
        if row.direction not in DIRECTIONS:
            raise Malformed((*path, "direction"), "应为 lower_is_better 或 higher_is_better")
        _check_order(row.benchmark, row.baseline, row.direction, path)


def _check_order(strict: object, floor: object, direction: str, path: tuple[str, ...]) -> None:
    if strict is None or floor is None:
        return
    wrong = strict > floor if direction == "lower_is_better" else strict < floor  # type: ignore[operator]
    if wrong:
        raise Malformed((*path, "benchmark"), "标杆值应比基准值更先进，请核对是否写反")


def _check_evaluation_tables(book: Rulebook) -> None:
    for key, table in book.evaluation_tables.items():
        path = ("evaluation_tables", key)
        _known_categories(book, (table.category,), (*path, "category"))
        if table.method not in METHODS:
            raise Malformed((*path, "method"), f"应为 {'、'.join(sorted(METHODS))}")
        if table.method == "index" and table.weighting not in WEIGHTINGS:
            raise Malformed((*path, "weighting"), f"应为 {'、'.join(sorted(WEIGHTINGS))}")
        seen: set[str] = set()
        for index, item in enumerate(table.items):
            where = (*path, "items", str(index))
            if item.group not in table.groups:
                raise Malformed((*where, "group"), f"没有一级指标“{item.group}”")
            if item.code in seen:
                raise Malformed((*where, "code"), f"指标“{item.code}”写了两次")
            seen.add(item.code)
            if item.direction not in DIRECTIONS:
                raise Malformed((*where, "direction"), "应为 lower_is_better 或 higher_is_better")


def _check_rest(book: Rulebook) -> None:
    _known_categories(book, book.cap_rule.counts, ("cap_rule", "counts"))
    for key, item in book.basic_requirements.items():
        _known_categories(book, (item.category,), ("basic_requirements", key, "category"))
    for key, attachment in book.attachments.items():
        if attachment.deadline and attachment.deadline not in book.deadlines:
            raise Malformed(("attachments", key, "deadline"), f"没有期限“{attachment.deadline}”")
    if not book.categories:
        raise Malformed(("categories",), "至少要有一个类别")


def _check_dynamic(book: Rulebook) -> None:
    for key, table in book.dynamic_tables.items():
        if key not in LISTED:
            raise Malformed(("dynamic_tables", key), f"名单没有类别“{key}”")
        for level in table.levels:
            if level not in LEVELS:
                raise Malformed(("dynamic_tables", key, "levels"), f"没有级别“{level}”")
    for key, item in book.dynamic_indicators.items():
        path = ("dynamic_indicators", key)
        if item.direction not in {*DIRECTIONS, "none"}:
            raise Malformed((*path, "direction"), "应为 lower_is_better、higher_is_better 或 none")
        if item.kind not in KINDS:
            raise Malformed((*path, "kind"), "应为 total、ratio、share 或 score")
        if item.requirement is not None and item.direction == "none":
            raise Malformed((*path, "requirement"), "没有优劣方向的指标不能写要求值")
