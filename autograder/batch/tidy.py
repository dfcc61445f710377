"""HTML as BeautifulSoup writes it, which nbconvert has every page pass through.

Where the markup is plain, as our own template's is, that comes to a few rules, and takes a hundredth of the time
that it takes to build a tree and write it. Whatever is not that plain goes through BeautifulSoup.
"""

from __future__ import annotations

import re

# A tag whose values are in quotes, a mark, or the first line of a page
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z][a-z-]*="[^"<>]*")*)>|<!--[0-9a-f]+-->|<!DOCTYPE html>')
_VALUE = re.compile(r' ([a-z-]+)="([^"]*)"')
_OTHER_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|#34|#39);)")
_SPACE = " \n\t\f\r"
_ALONE = frozenset(["area", "base", "br", "col", "hr", "input", "link", "meta", "source", "track", "wbr"])
# Tags for which there are more rules: of HTML, or of nbconvert, which adds to pictures what they show.
_TEXTS = ["script", "textarea", "template", "noscript", "noembed", "noframes", "iframe", "xmp", "plaintext"]
_MORE_RULES = frozenset(["img", "object", "param", "embed", "svg", "math", *_TEXTS])


def tidied(html: str) -> str:
    """Write HTML as `nbconvert.HTMLExporter.from_notebook_node` does in the end."""
    plain = _plain(html)
    return _through_soup(html) if plain is None else plain


def _through_soup(html: str) -> str:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, features="html.parser")
    for image in soup.select("img:not([alt])"):
        image.attrs["alt"] = "No description has been provided for this image"
    for place in soup.select("div.jp-Cell-inputWrapper, div.jp-OutputArea-output"):
        place.attrs["tabindex"] = "0"
    return str(soup)


def _plain(html: str) -> str | None:
    """Return what BeautifulSoup would, or None if the rules here are not enough to know."""
    if "jp-" in html or "\r" in html or "\0" in html or _OTHER_ENTITY.search(html) or "<" in _TOKEN.sub("", html):
        return None
    written: list[str] = []
    opened: list[str] = []
    at = 0
    for token in _TOKEN.finditer(html):
        if at < token.start():
            written.append(_text(html[at : token.start()], opened))
        at = token.end()
        end, tag, values = token.groups()
        if end:
            if values or not opened or opened.pop() != tag:
                return None
            written.append(token[0])
        elif "style" in opened or tag in _MORE_RULES or (told := _values(values or "")) is None:
            return None
        elif tag is None:
            written.append(token[0] + "\n" if token[0].startswith("<!D") else token[0])
        else:
            if tag not in _ALONE:
                opened.append(tag)
            written.append(f"<{tag}{told}{'/' if tag in _ALONE else ''}>")
    if opened:
        return None
    return "".join([*written, _text(html[at:], opened)] if at < len(html) else written)


def _values(text: str) -> str | None:
    """Return a tag's values in the order of their names, or None if they need more rules."""
    values = dict(found := _VALUE.findall(text))
    if len(values) != len(found) or "&quot;" in text or "&#34;" in text or values.get("charset", "utf-8") != "utf-8":
        return None
    tidy = {name: " ".join(value.split()) for name, value in values.items()}
    if any(tidy[name] != value or "charset=" in value for name, value in found if name != "class"):
        return None
    return "".join(f' {name}="{_decoded(value)}"' for name, value in sorted(tidy.items()))


def _text(text: str, opened: list[str]) -> str:
    """Write what is between two tags."""
    if opened and opened[-1] == "style":
        return text
    if not text.strip(_SPACE) and "pre" not in opened:
        return "\n" if "\n" in text else " "
    return _decoded(text).replace(">", "&gt;")


def _decoded(text: str) -> str:
    """Only what has a meaning in HTML stays in the form of an entity."""
    return text.replace("&quot;", '"').replace("&#34;", '"').replace("&#39;", "'") if "&" in text else text
