"""The differential fuzzer: random programs, run on torch and on the engine, compared after every statement.

A program is a list of Python statements over the names that torch and `course.nptorch` share. `writer`
makes one, `run` runs it on a backend and looks at every tensor after each statement, `compare` holds the two
runs against each other, and `shrink` cuts a program that tells them apart down to what it needs for that.
"""
