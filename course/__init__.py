"""The course: an autograd engine in NumPy, its lessons, and what compares it with torch."""
