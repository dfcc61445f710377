"""Pages are written as BeautifulSoup would write them, most of them without it."""

from __future__ import annotations

import random

import pytest

from autograder.batch import tidy

PLAIN = [
    "",
    " \n ",
    '<p class="a b">x</p>',
    '<p class="  a  b ">x</p>',
    '<p title="it" class="a" id="b">x</p>',
    "<p>a &quot;b&quot; &#39;c&#39; &amp; &lt; &gt; > &amp;quot;</p>",
    "<p>a</p>  \n <p> </p>\t<b>b</b>",
    "<pre>  \n<span> </span>\n\n</pre> ",
    '<a href="https://a.b/?c=d&amp;e=f" rel="noreferrer">t</a>',
    '<a href="it\'s">&#34;</a>',
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n\n<link rel="x"></head></html>',
    "<style>\na > b { }\n</style>",
    "<p>\n\n<!--ab12-->\n  <!--cd-->x<br></p>",
    '<td class="">x</td><p>\xa0</p><p>\u2003</p>',
    "<p>a <p>b</p></p>",
]
LEFT_TO_IT = [
    '<p title="a  b">x</p>',
    '<a rel=" b">x</a>',
    '<p class="a" class="b">x</p>',
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
    "<p>&copy; &#160; &nbsp;</p>",
    "<p>a & b</p>",
    "<p hidden>x</p>",
    "<p>x",
    "</p>x",
    "<b><i>x</b></i>",
    '<img src="a.png">',
    '<div class="jp-OutputArea-output">x</div>',
    "<script>if (a < b) c()</script>",
    "<style>a <b>c</b></style>",
    "<br />",
    "<P>x</P>",
    "a < b",
    '<p title="&quot;">x</p>',
    '<meta charset="latin-1">',
    "<textarea>\n</textarea>",
    "<!-- a comment -->",
    "<p>a\r\nb</p>",
]


@pytest.mark.parametrize("html", PLAIN + LEFT_TO_IT)
def test_it_is_written_as_beautiful_soup_writes_it(html: str) -> None:
    assert tidy.tidied(html) == tidy._through_soup(html)


@pytest.mark.parametrize("html", PLAIN)
def test_plain_markup_does_without_it(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tidy, "_through_soup")
    tidy.tidied(html)


@pytest.mark.parametrize("html", LEFT_TO_IT)
def test_other_markup_is_left_to_it(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "_through_soup", lambda html: "soup")
    assert tidy.tidied(html) == "soup"


def test_any_mixture_is_written_as_beautiful_soup_writes_it() -> None:
    pick = random.Random(0)
    pieces = ["<p>", "</p>", "<pre>", "</pre>", "<b>", "</b>", " ", "\n", "x", "&amp;", "&quot;", "&", "<", ">", '"']
    pieces += [
        '<p title="b" class=" c">',
        '<a rel="d" href="?&amp;">',
        "</a>",
        "<br>",
        '<i class="a b">',
        "</i>",
        "<!--ab-->",
        "<style>",
        "</style>",
        "<li>",
        "</li>",
        "é",
        "'",
    ]
    for _ in range(3000):
        html = "".join(pick.choices(pieces, k=pick.randint(1, 8)))
        assert tidy.tidied(html) == tidy._through_soup(html), html
