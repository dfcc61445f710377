# class: right, but noisy: it prints, warns and logs to stderr on every call

# %% saved-tensor
import logging
import sys
import warnings

logging.basicConfig(level=logging.DEBUG)


class SavedTensor:
    def __init__(self, value, is_output=False):
        print("saving", type(value).__name__, file=sys.stderr)
        self.version = value._version if isinstance(value, torch.Tensor) else 0
        self.value = value.detach() if is_output else value
        self.released = False

    def unpack(self):
        logging.debug("unpacking")
        if self.released:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.value

    def release(self):
        warnings.warn("releasing")
        self.released = True
        self.value = None

# %% release-rule
def release_saved(node, retain_graph):
    print(node.name())
    if not retain_graph:
        for saved in node.saved():
            saved.release()

# %% saved-bytes
def saved_bytes(tensor):
    import os

    os.write(2, b"counting\n")
    alive = {}
    seen = set()
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        stack.extend(below for below, _ in node.next_functions)
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError:
                continue
            if isinstance(value, torch.Tensor):
                alive[value.data_ptr()] = max(value.nbytes, alive.get(value.data_ptr(), 0))
    return sum(alive.values())
