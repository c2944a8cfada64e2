"""Every text field of every 2022 sheet × every naughty text: stored as normalised, shown escaped, printed or refused by name."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.documents import fonts, formpages, xlsx
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.sheets import Level, Sheet, load_folder, paths, printed, validate
from greenportal.sheets.paths import input_name
from greenportal.sheets.printing import text_of
from greenportal.sheets.types import Field
from greenportal.sheets.validation import in_row
from greenportal.sheets.values import normalise
from tests.battery import naughty
from tests.battery.conftest import Keep
from tests.battery.seeding import chosen
from tests.factories import accounts, filings

pytestmark = [pytest.mark.battery, pytest.mark.django_db]
FOLDER = Path("greenportal/rounds/rulebooks/2022/sheets")
SHEETS = load_folder(Path(__file__).resolve().parent.parent.parent / FOLDER)
#: Tags and attributes of the attacks as a browser would act on them; what stands in the page must be escaped.
LIVE = re.compile(
    r"<script>alert|<img src=x|<svg/onload|<style>@import|</textarea><script|<a href=\"asset:|onerror=alert\(1\)>",
    re.IGNORECASE,
)
BANNED = re.compile("无效|非法|抱歉")
#: Every sheet with one text of its own at least, whatever the sample.
CASES = [
    (key, number) for key in sorted(SHEETS) for number in chosen(range(len(naughty.TEXTS)), 1, salt=f"texts:{key}")
]


@cache
def places(key: str) -> dict[str, Field]:
    """Every path of a sheet that is typed, with its field as it is meant in its row; free tables have one row r1."""
    sheet = SHEETS[key]
    found = {item.key: item for item in sheet.fields() if not item.formula}
    for table in sheet.tables():
        for row in paths.rows_of(table, {}) or [{"_id": "r1"}]:
            for column in table.columns:
                if not column.formula and not table.is_printed(row["_id"], column.key):
                    found[f"{table.key}[{row['_id']}].{column.key}"] = in_row(column, row)
    return found


def attack(key: str, text: str, turn: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Two thirds of the places get the text, the others an honest answer that must survive."""
    attacked: dict[str, Any] = {}
    honest: dict[str, str] = {}
    for index, (path, field) in enumerate(places(key).items()):
        if index % 3 == turn % 3 and not field.choices and not field.is_list:
            honest[path] = normalise(field, f"原有内容{index}")
        else:
            attacked[path] = [text] if field.is_list else text
    return attacked, honest


def value_at(answers: dict[str, Any], path: str) -> Any:
    table, _, rest = path.partition("[")
    if not rest:
        return answers.get(path, "")
    row_id, _, column = rest.partition("].")
    rows = [row for row in answers.get(table, []) if row["_id"] == row_id]
    return rows[0].get(column, "") if rows else ""


def begun(key: str, honest: dict[str, Any]) -> tuple[Any, Filing]:
    owner = accounts.make_user(Role.APPLICANT)
    actor = accounts.actor_for(owner)
    filing = filings.make_filing(actor, sheet=SHEETS[key])
    kept = services.save(filing_id=filing.pk, seen_version=filing.version, changes=honest, actor=actor)
    return owner, kept.filing


@pytest.mark.parametrize(("key", "number"), CASES)
def test_a_text_in_every_field_is_stored_as_normalised_and_comes_out_harmless(
    key: str, number: int, client: Client, keep: Keep
) -> None:
    text, sheet = naughty.TEXTS[number], SHEETS[key]
    attacked, honest = attack(key, text, number)
    with filings.thing_scope() as rules:
        # As the one whom the sheet keeps a field for; that others cannot write it is a test of its own below.
        rules["parties"] = {field.who for field in places(key).values() if field.who}
        owner, filing = begun(key, honest)
        services.save(
            filing_id=filing.pk, seen_version=filing.version, changes=attacked, actor=accounts.actor_for(owner)
        )
        answers = Filing.objects.get(pk=filing.pk).answers
        for path, value in attacked.items():
            wanted = normalise(places(key)[path], value)
            assert (value_at(answers, path) or wanted * 0) == wanted, path
        assert {path: value_at(answers, path) for path in honest} == honest
        messages_hold(sheet, answers)
        pages = pages_of(client, owner, filing, sheet)
    for page in pages:
        assert LIVE.findall(page) == []
    drawn = cells_hold(sheet, answers)
    keep(
        "texts",
        f"{key} · {number} {text[:12]!r}",
        "通过",
        字段=len(attacked),
        未收录字形=print_holds(sheet, answers),
        单元格=drawn,
    )


@pytest.mark.parametrize("key", [key for key in sorted(SHEETS) if any(field.who for field in places(key).values())])
def test_a_text_in_a_field_kept_for_another_is_named_and_not_stored(key: str, keep: Keep) -> None:
    """The other fields of the same page are stored all the same."""
    attacked = {path: [text] if field.is_list else text for path, field in places(key).items() for text in ["1"]}
    withheld = {path for path in attacked if places(key)[path].who}
    with filings.thing_scope():
        owner, filing = begun(key, {})
        kept = services.save(
            filing_id=filing.pk, seen_version=filing.version, changes=attacked, actor=accounts.actor_for(owner)
        )
    answers = Filing.objects.get(pk=filing.pk).answers
    assert withheld <= {problem.path.removeprefix(f"{key}.") for problem in kept.problems}
    assert {path for path in withheld if value_at(answers, path)} == set()
    assert {path for path in attacked if path not in withheld and not value_at(answers, path)} == set()
    keep("texts", f"{key} · 他人字段", "通过", 字段=len(withheld))


def messages_hold(sheet: Sheet, answers: dict[str, Any]) -> None:
    """Every problem names its place and says what to do, without words that blame and without the text itself."""
    for problem in validate(sheet, answers):
        assert problem.path.startswith(f"{sheet.key}."), problem
        assert problem.label
        assert problem.message
        assert len(problem.message) < 300, problem
        assert BANNED.search(problem.message) is None, problem
        assert problem.level in set(Level)


def pages_of(client: Client, owner: Any, filing: Filing, sheet: Sheet) -> list[str]:
    """The check page, one section's form, and an autosave through the web."""
    accounts.sign_in(client, owner)
    section = next(item for item in sheet.sections if item.fields or item.tables)
    shown = client.get(reverse("filings:check", args=[filing.pk]))
    form = client.get(reverse("filings:section", args=[filing.pk, section.key]))
    assert (shown.status_code, form.status_code) == (200, 200)
    return [shown.content.decode(), form.content.decode()]


def print_holds(sheet: Sheet, answers: dict[str, Any]) -> int:
    """The printed page is escaped; characters without a glyph are named, all of them, before anything is drawn."""
    html = render_to_string("documents/sheet_body.html", {"pages": formpages.whole(printed(sheet, answers))})
    assert LIVE.findall(html) == []
    missing = fonts.missing_glyphs(html)
    if not missing:
        fonts.require_glyphs(html, is_html=True)
        return 0
    with pytest.raises(fonts.GlyphMissing) as caught:
        fonts.require_glyphs(html, is_html=True)
    assert missing <= set(caught.value.characters)
    return len(missing)


def cells_hold(sheet: Sheet, answers: dict[str, Any]) -> int:
    """Every text goes into Excel as text: nothing becomes a formula, nothing is altered beyond what XML cannot hold."""
    columns = tuple(xlsx.Column(f"c{n}", f"栏{n}") for n, _ in enumerate(places(sheet.key)))
    texts = [text_of(field, value_at(answers, path)) for path, field in places(sheet.key).items()]
    values = {f"c{n}": text for n, text in enumerate(texts)}
    table = xlsx.Table("表", "表", columns, [xlsx.Row(values)])
    book = openpyxl.load_workbook(io.BytesIO(xlsx.write_table(table)))
    cells = [cell for row in book["表"].iter_rows() for cell in row]
    assert {cell.coordinate for cell in cells if cell.data_type == "f"} == set()
    found = {cell.value for cell in cells}
    for text in texts:
        wanted = xlsx.clean(text).replace("\r", "\n")
        assert not wanted or wanted in found, ascii(text[:40])
    return len(cells)


def test_control_the_page_check_sees_a_text_that_is_not_escaped(keep: Keep) -> None:
    seen = [text for text in naughty.MARKUP if LIVE.search(text)]
    assert len(seen) >= 6
    keep("controls", "转义检查能发现未转义文本", "通过", 样本=len(seen))


def test_control_a_spreadsheet_writer_that_guesses_makes_formulas(keep: Keep) -> None:
    """Without the typed strings of `xlsx`, openpyxl itself turns these texts into formulas."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for text in naughty.FORMULAS:
        sheet.append([text.strip()])
    made = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(made) >= 3
    keep("controls", "普通写法会产生公式", "通过", 公式=len(made))


def test_the_list_is_long_enough_and_names_each_kind() -> None:
    assert len(naughty.TEXTS) >= 120
    assert {"〇", "=1+1", "\x00", "{{ 7*7 }}{% debug %}"} <= set(naughty.TEXTS)


def test_every_sheet_that_exists_is_attacked_in_each_of_its_fields() -> None:
    """Sheets of any rulebook and folder: one that is added is in the battery, or this fails."""
    root = Path(__file__).resolve().parent.parent.parent
    apps = ("greenportal", "nominations", "evaluators", "dynamic_mgmt")
    files = {path.relative_to(root) for app in apps for path in (root / app).rglob("sheets/*.toml")}
    assert {path.parent for path in files} == {FOLDER}
    assert {path.stem for path in files} == set(SHEETS) == {key for key, _ in CASES}
    for key in SHEETS:
        turns = [set(attack(key, "x", turn)[0]) for turn in range(3)]
        assert set().union(*turns) == set(places(key)) != set(), key


@pytest.mark.parametrize("number", range(len(naughty.BYTES)))
def test_a_body_that_is_no_utf8_is_answered_and_the_other_fields_are_kept(
    number: int, client: Client, keep: Keep
) -> None:
    owner = accounts.make_user(Role.APPLICANT)
    with filings.thing_scope():
        filing = filings.make_filing(accounts.actor_for(owner), answers={"name": "原有内容"})
        accounts.sign_in(client, owner)
        url = reverse("filings:autosave", args=[filing.pk, "identity"])
        body = b"_version=1&note=" + b"".join(b"%%%02X" % byte for byte in naughty.BYTES[number])
        answer = client.post(url, body, content_type="application/x-www-form-urlencoded")
        other = b"_version=9&note=" + naughty.BYTES[number]
        # `post` would decode the body itself; `generic` sends the bytes as they are.
        raw = client.generic("POST", url, other, content_type="application/x-www-form-urlencoded")
        kinds = ("text/plain; charset=gb18030", "application/json")
        foreign = [client.generic("POST", url, other, content_type=kind) for kind in kinds]
    for refused in (answer, raw):
        assert refused.status_code == 400
        assert "提交的文字不是UTF-8编码，没有保存。" in refused.content.decode()
    assert [row.status_code for row in foreign if row.status_code not in {200, 400}] == []
    kept = Filing.objects.get(pk=filing.pk)
    assert (kept.answers, kept.version) == ({"name": "原有内容"}, filing.version)
    keep("bytes", naughty.BYTES[number].hex(" "), "通过")


def test_input_names_lead_back_to_their_paths() -> None:
    for key in SHEETS:
        names = [input_name(path) for path in places(key)]
        assert len(set(names)) == len(names), key
