"""Benchmarks: the engine beside hand-written NumPy, torch, HIPS autograd, mygrad and micrograd.

``python -m benchmarks`` runs them all. Every module of `benchmarks.workloads` is one workload,
written once per peer; before anything is timed, each peer must have produced the loss and the
gradients of the hand-written NumPy. Times are CPU times on one thread of one core, and what is
reported is the ratio to the hand-written NumPy within the same round: on a busy machine both slow
down together.
"""
