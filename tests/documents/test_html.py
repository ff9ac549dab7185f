"""Web pages: what a browser would show is read, in order; what it hides is not, and that is said."""

from __future__ import annotations

import pytest

import documents
from documents.model import note


def page(body: str, head: str = "") -> documents.Document:
    return documents.read(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode(), "a.html")


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">unseen</div>',
        '<div style="color:red; DISPLAY : none !important">unseen</div>',
        '<p style="visibility:hidden">unseen</p>',
        '<p style="font-size:0">unseen</p>',
        '<p style="font-size: 0px">unseen</p>',
        '<p style="opacity:0">unseen</p>',
        '<p style="position:absolute;left:-9999px">unseen</p>',
        '<div style="max-height:0;overflow:hidden">unseen</div>',
        "<p hidden>unseen</p>",
        '<p class="no">unseen</p>',
        '<div id="off"><p>unseen</p></div>',
        '<div class="box"><b>unseen</b></div>',
        "<dialog>unseen</dialog>",
    ],
)
def test_hidden_text_is_not_read_and_counted(hidden: str) -> None:
    styles = "<style>/* { */ .no, #off { color: red; display: none } .box > b { visibility: hidden }</style>"
    document = page(f"<p>Lit</p>{hidden}<p>at dusk.</p>", styles)
    assert document.text == "Lit\n\nat dusk.\n"
    assert document.notes == (note("hidden_left_out", n=1),)


@pytest.mark.parametrize(
    "shown",
    [
        '<p style="font-size:0.8em">seen</p>',
        '<p style="opacity:0.5">seen</p>',
        '<p class="tab on">seen</p>',
        '<p class="print">seen</p>',
        '<p class="narrow">seen</p>',
        '<p aria-hidden="true">seen</p>',
        "<dialog open>seen</dialog>",
        "<details><summary>seen</summary></details>",
        "<aside>seen</aside>",
        "<label>seen</label>",
        "<button>seen</button>",
        "<svg><title>icon</title><text>seen</text></svg>",
        '<iframe srcdoc="<p>seen</p>"></iframe>',
    ],
)
def test_what_is_shown_is_read(shown: str) -> None:
    styles = (
        "<style>.tab{display:none} .tab.on{display:block} @media print{.print{display:none}}"
        "@media (max-width:9px){.narrow{display:none}} p:hover{display:none}</style>"
    )
    document = page(f"<p>Lit</p>{shown}", styles)
    assert document.text == "Lit\n\nseen\n" and document.notes == ()


def test_text_outside_the_main_part_is_read_and_menus_are_counted() -> None:
    document = page(
        "<header><p>The Log</p></header><nav><a href='/'>Home</a></nav><main><h1>Fees</h1><p>120 euro.</p></main>"
        "<article><h2>Boats</h2></article><footer><p>Corrected: 140 euro.</p></footer>"
    )
    assert document.text == "The Log\n\nFees\n\n120 euro.\n\nBoats\n\nCorrected: 140 euro.\n"
    assert document.notes == (note("menus_left_out", n=1),)


def test_rows_stay_rows() -> None:
    table = (
        "<table><caption>Ports</caption><thead><tr><th>Port<th>Depth<th>Berths</thead>"
        "<tr><td><p>Orrin</p><td><span style='display:none'>7004</span>27 m<td>4</tr>"
        "<tr><td>Calder<td><td><ul><li>5</ul></tr></table><p>After.</p>"
    )
    assert page(table).text == "Ports\nPort | Depth | Berths\nOrrin | 27 m | 4\nCalder |  | - 5\n\nAfter.\n"


def test_a_cell_over_several_rows_stands_in_each_of_them() -> None:
    table = "<table><tr><td rowspan=2>Orrin<td>2031<td>5<tr><td>2032<td>6<tr><td>Calder<td>2031<td>7</table>"
    assert page(table).text == "Orrin | 2031 | 5\nOrrin | 2032 | 6\nCalder | 2031 | 7\n"
    last = "<table><tr><td>a<td rowspan=2>b<tr><td>c</table>"
    assert page(last).text == "a | b\nc | b\n"


def test_tables_within_tables_are_read_in_order() -> None:
    table = "<table><tr><td>a<td>b<table><tr><td>in1<td>in2</table><td>c</table>"
    assert page(table).text == "a | b\nin1 | in2\nc\n"
    layout = "<table><tr><td><h2>Left</h2><p>One.</p><td><h2>Right</h2><p>Two.</p></table>"
    document = page(layout)
    assert [s.title for s in document.sections] == ["Left", "Right"]
    assert document.text.index("One.") < document.text.index("Right")


def test_lists_have_the_numbers_that_are_shown() -> None:
    lists = "<ol start=3><li>oars<li value=7>sails<ul><li>old<li>new</ul></ol><ol type=a><li>rope</ol><ol type=I><li>oil</ol>"
    assert page(lists).text == "3. oars\n7. sails\n- old\n- new\n\na. rope\n\nI. oil\n"


def test_raised_numbers_are_powers_or_marks_of_notes() -> None:
    assert page(
        "<p>The lamp<sup>1</sup> covers 12 m<sup>2</sup>, 10<sup>6</sup> rays<sup><a href='#a'>2</a></sup>.</p>"
    ).text == ("The lamp[1] covers 12 m², 10⁶ rays[2].\n")
    assert (
        page("<p>lamp<a epub:type='noteref' href='#n'>3</a> lit<a role='doc-noteref' href='#m'>(4)</a></p>").text
        == "lamp[3] lit[4]\n"
    )
    assert page("<p>H<sub>2</sub>O on the 1<sup>st</sup></p>").text == "H2O on the 1st\n"


def test_forms_are_read_with_what_was_typed_and_chosen() -> None:
    form = (
        "<label>Name: <input value='Ada'></label><p><input type=checkbox checked>Insured</p><p><input type=radio>Paid</p>"
        "<select><option>Orrin<option selected>Calder</select><input type=hidden value=x><input type=password value=y>"
    )
    assert page(form).text == "Name: Ada\n\n[x] Insured\n\n[ ] Paid\n\nCalder\n"


def test_boxes_of_a_form_that_touch_are_kept_apart() -> None:
    form = "<select><option>Calder</select><textarea>Two boats</textarea><input value=Ada>"
    assert page(form).text == "Calder Two boats Ada\n"
    assert page("<p>Note: <code>x</code> <textarea>a  b</textarea>end</p>").text == "Note: x a  b end\n"


def test_marks_within_a_line() -> None:
    assert (
        page("<p>light<wbr>house, light&shy;house, light&#8203;house</p>").text
        == "lighthouse, lighthouse, lighthouse\n"
    )
    assert page("<p>He said <q>stop</q>. Was <del>120</del> 140.</p>").text == "He said “stop”. Was ~~120~~ 140.\n"
    assert page("<p><img alt='T'>he lamp <img alt='a red boat'>is lit</p>").text == "The lamp is lit\n"
    assert (
        page("<p><math><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>=</mo><msup><mi>x</mi><mn>2</mn></msup></math></p>").text
        == "a/b=x^2\n"
    )


def test_halves_of_letters_and_odd_numbers_do_no_harm() -> None:
    document = documents.read(
        b"<html><head><title>Lamp &#xD800;</title></head><body>&#xDE00; &#x0; &#150; lit</body></html>", "a.html"
    )
    assert document.text.encode() and document.title.encode() and document.text.endswith("– lit\n")


def test_what_a_wiki_writes_behind_its_headings_is_no_part_of_them() -> None:
    document = page('<h2>History<span class="mw-editsection">[<a>edit</a>]</span></h2><p>It burned.</p>')
    assert document.text.strip() == "History\n\nIt burned." and document.notes == (note("menus_left_out", n=1),)


def test_raw_text_of_an_xml_page_and_what_stands_for_frames_are_read() -> None:
    page = b'<?xml version="1.0"?><html><body><p><![CDATA[raw < words ]] & more]]> after</p><script><![CDATA[no]]></script></body></html>'
    assert documents.read(page, "a.xhtml").text == "raw < words ]] & more after\n"
    frames = b"<html><frameset><frame src=a.html><noframes><p>Words <b>here</b></p></noframes></frameset></html>"
    assert documents.read(frames, "a.html").text == "Words here\n"
