"""Pictures in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def show_pictures(rows: Mapping[str, Any]) -> None:
    """Draw rows of gray pictures, from 0 (white) to 1 (black).

    Parameters
    ----------
    rows : mapping of str to Tensor
        For each name pictures of shape ``(n, 1, height, width)``, as many in each row.
    """
    import matplotlib.pyplot as plt

    count = max(len(pictures) for pictures in rows.values())
    _, axes = plt.subplots(len(rows), count, figsize=(count, len(rows)), layout="constrained", squeeze=False)
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name)
        for place, picture in zip(line, pictures, strict=True):
            place.imshow(picture[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
            place.set(xticks=[], yticks=[])
    plt.show()
