"""The columns of the step-for-step table: which engine, on which device, in which number format."""

from __future__ import annotations

from dataclasses import dataclass

#: Binary digits behind the point that each format keeps. TF32 is what a GPU makes of the factors of float32 products.
BITS = {"float64": 52, "float32": 23, "tf32": 10, "bfloat16": 7}

#: A step may differ by this many unit roundoffs before it counts as parted: one step is a few roundings in a row.
TIMES = 8

#: On a GPU a program is run so often, to see whether it gives the same numbers each time.
RUNS_ON_GPU = 20


@dataclass(frozen=True)
class Column:
    """One way to run the programs.

    Attributes
    ----------
    name
        Its title.
    engine
        ``nptorch`` or ``torch``.
    device
        ``cpu``, ``cuda`` or ``mps``.
    format
        The coarsest number format that takes part, a key of `BITS`.
    """

    name: str
    engine: str
    device: str
    format: str

    @property
    def dtype(self) -> str:
        """Name of the dtype that weights and pictures are kept in."""
        return "float64" if self.format == "float64" else "float32"

    @property
    def autocast(self) -> str | None:
        """Name of the dtype that ``torch.autocast`` computes losses in; None without it."""
        return self.format if self.format == "bfloat16" else None

    @property
    def tf32(self) -> bool:
        """Whether products of float32 may be made of TF32 factors."""
        return self.format == "tf32"

    @property
    def roundoff(self) -> float:
        """Unit roundoff of the format: half the distance from 1 to the next number."""
        return 2.0 ** -(BITS[self.format] + 1)

    @property
    def tolerance(self) -> float:
        """By how much a loss may differ before it counts as parted, as a part of the loss."""
        return TIMES * self.roundoff

    @property
    def facts(self) -> dict[str, str | bool | None]:
        """What is recorded about the column, as JSON data."""
        told: dict[str, str | bool | None] = {"engine": self.engine, "device": self.device, "dtype": self.dtype}
        return told | {"autocast": self.autocast, "allow_tf32": self.tf32}


#: What every other column of its table is held against.
JUDGE = Column("torch CPU float64", "torch", "cpu", "float64")

#: All of them, in the order in which they are shown.
COLUMNS: dict[str, Column] = {
    one.name: one
    for one in (
        JUDGE,
        Column("nptorch float64", "nptorch", "cpu", "float64"),
        Column("nptorch float32", "nptorch", "cpu", "float32"),
        Column("torch CPU float32", "torch", "cpu", "float32"),
        Column("torch CPU bfloat16 autocast", "torch", "cpu", "bfloat16"),
        Column("torch CUDA float32, TF32 off", "torch", "cuda", "float32"),
        Column("torch CUDA float32, TF32 on", "torch", "cuda", "tf32"),
        Column("torch CUDA bfloat16 autocast", "torch", "cuda", "bfloat16"),
        Column("torch MPS float32", "torch", "mps", "float32"),
        Column("torch MPS bfloat16 autocast", "torch", "mps", "bfloat16"),
    )
}


def columns_of(device: str) -> list[Column]:
    """Return the columns that a device gives; the judge, on its host's CPU, is always the first of them.

    Raises
    ------
    ValueError
        If there is no such kind of device.
    """
    found = [one for one in COLUMNS.values() if one.device == device and one != JUDGE]
    if not found:
        raise ValueError(f"no device {device!r}; there are cpu, cuda, mps")
    return [JUDGE, *found]
