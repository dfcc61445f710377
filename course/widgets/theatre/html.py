"""One output in layers: the picture, the table of steps, and the script that puts the live stage in their place.

Where scripts are taken out (untrusted notebooks, GitHub), picture and table stay. Everything is in the output
itself: nothing is fetched. Script, style and story are packed together, which makes them a third as large, and
as base64 no text of a story can end the script that carries it.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from course.widgets.theatre.picture import clean

_HERE = Path(__file__).parent
# Unpacks and starts; a browser without DecompressionStream (before 2023) keeps picture and table.
_START = (
    '(async()=>{if(!window.DecompressionStream)return;let b=Uint8Array.from(atob("%s"),c=>c.charCodeAt(0)),'
    's=new Blob([b]).stream().pipeThrough(new DecompressionStream("deflate-raw")),'
    "[j,c,p]=await new Response(s).json(),e=document.createElement('script');"
    "e.textContent='gsStage='+j;document.head.append(e);e.remove();"
    "for(let r of document.querySelectorAll('#%s:not([data-live])'))gsStage(r,p,c)})()"
)


_TEXT = re.compile(r'("[^"\n]*"|`[^`]*`)')  # of a script: what must stay as it is
_SPACES = re.compile(r" *(=>|[-=+*/<>?:,{}()|&]+) *")


@cache
def _asset(name: str) -> str:
    """Return a file beside this one, without indentation, spaces round signs, and comments (two spaces before them)."""
    lines = (line.strip() for line in (_HERE / name).read_text(encoding="utf-8").splitlines())
    text = "\n".join(line.partition("  // ")[0] for line in lines if line and not line.startswith(("//", "/*")))
    if not name.endswith(".js"):
        return text
    parts = _TEXT.split(text)
    parts[::2] = [_SPACES.sub(r"\1", part) for part in parts[::2]]
    return "".join(parts)


def page(pictures: list[tuple[str, str, str]], table: str, play: dict[str, Any]) -> str:
    """Return the whole output.

    Parameters
    ----------
    pictures : list of (str, str, str)
        A heading (may be empty), the address and the alternative text of each picture.
    table : str
        HTML of the steps.
    play : dict
        What script.js plays: ``stages``, ``start``, and for a comparison ``counts`` and ``differ``.
    """
    still = ""
    for head, src, text in pictures:
        still += f"<p><b>{clean(head)}</b></p>" if head else ""
        still += f'<img style="max-width:100%" alt="{clean(text)}" src="{src}">'
    packed = _pack([_asset("script.js"), _asset("style.css"), play])
    name = "gs" + hashlib.sha256(packed.encode()).hexdigest()[:10]
    start = _START % (packed, name)
    return f'<div class="gst" id="{name}"><div class="gst-still">{still}</div>{table}</div><script>{start}</script>'


def _pack(data: Any) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b64encode(deflate.compress(text.encode()) + deflate.flush()).decode()
