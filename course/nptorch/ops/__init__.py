"""The operations, one module per kind. Importing this package attaches them to ``Tensor``."""

from __future__ import annotations
