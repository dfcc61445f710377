"""All that judging a lesson takes beside the submissions, packed into one archive named by its content.

The judge travels with what it judges by: reference parts, hidden scenarios, faults and records are in no
package that is installed anywhere, and whoever unpacks this judges exactly as the machine that packed it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator

from autograder.batch.marker import FOLDER, Marker
from autograder.batch.result import ROOT, files_that_judge

COURSE = "here"  # the course directory, inside


def bundle(marker: Marker) -> bytes:
    """Pack the judge and the lesson of a marker; the same content gives the same bytes.

    Parameters
    ----------
    marker : Marker
        Of the lesson.

    Returns
    -------
    bytes
        A zip archive: the packages ``autograder`` and ``course``, and a course directory in `COURSE`.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(marker)):
            about = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, content)
    return packed.getvalue()


def name_of(data: bytes) -> str:
    """Name an archive by its content."""
    return hashlib.sha256(data).hexdigest()


def _files(marker: Marker) -> Iterator[tuple[str, bytes]]:
    for path in files_that_judge():
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()
    yield "course/__init__.py", (ROOT / "course" / "__init__.py").read_bytes()
    name = f"{marker.lesson}/{marker.lesson}.ipynb"
    # As they are on disk: a result is named by these bytes.
    yield f"{COURSE}/source/{name}", marker.text
    yield f"{COURSE}/release/{name}", json.dumps(marker.released).encode()
    yield f"{COURSE}/{FOLDER}/secret", marker.salt.encode("ascii")
    for path in sorted((marker.course / "source" / marker.lesson / "given").glob("*.py")):
        yield f"{COURSE}/source/{marker.lesson}/given/{path.name}", path.read_bytes()
