"""Results of a class, and the page that shows them."""

from autograder.report.page import page
from autograder.report.results import Row, collect

__all__ = ["Row", "collect", "page"]
