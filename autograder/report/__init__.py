"""Results of a class, and the page and the table that show them."""

from autograder.report.page import page
from autograder.report.results import Row, collect
from autograder.report.spreadsheet import table

__all__ = ["Row", "collect", "page", "table"]
