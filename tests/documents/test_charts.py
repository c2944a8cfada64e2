from decimal import Decimal

from django.template.loader import render_to_string

from greenportal.documents import charts, pdf

D = Decimal


def test_places_are_in_proportion_between_the_sides():
    # Scale from 10 to 20 over 560 - 2 × 24 = 512 px: 15 lies at 24 + 256 = 280.
    drawn = charts.strip([D(10), D(15), D(20)], D("12.5"), middle=D(15), lower_is_better=True)
    assert drawn.dots == (24.0, 280.0, 536.0)
    assert (drawn.middle, drawn.own, drawn.better_left) == (280.0, 152.0, True)


def test_own_value_beyond_all_others_sets_the_scale():
    drawn = charts.strip([D(10)], D(30), middle=D(10), lower_is_better=False)
    assert (drawn.dots, drawn.own, drawn.low, drawn.high) == ((24.0,), 536.0, "10", "30")


def test_equal_values_lie_in_the_middle_and_a_missing_own_value_is_not_drawn():
    drawn = charts.strip([D(7), D(7)], None, middle=D(7), lower_is_better=True)
    assert (drawn.dots, drawn.own) == ((280.0, 280.0), None)


def test_the_picture_is_named_escaped_and_renders_on_paper():
    drawn = charts.strip([D(1), D(2)], D(3), middle=D("1.5"), lower_is_better=True)
    html = render_to_string("components/strip_chart.html", {"strip": drawn, "title": '<b>能耗"</b>'})
    assert 'role="img"' in html
    assert "<b>" not in html
    assert html.count("<circle") == 2
    assert ">1（较优）</text>" in html
    assert ">3</text>" in html
    assert "style=" not in html
    assert pdf.render_pdf(f"<html><body>{html}</body></html>").startswith(b"%PDF")
