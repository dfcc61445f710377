"""What runs inside the sandbox, beside a stranger's code.

Nothing here imports `autograder` or anything of `course` but its engine: no expected value, no
verdict and no scenario is in this process, so none can be found or changed there.
"""
