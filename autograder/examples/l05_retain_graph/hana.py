# class: right, and written differently: a closure keeps the value, a deque drives the walk

# %% saved-tensor
GONE = object()


class SavedTensor:
    """Hands its value out through a function that release() replaces."""

    def __init__(self, value, is_output=False):
        tensor = hasattr(value, "detach")
        self.version = value._version if tensor else 0
        kept = value.detach() if tensor and is_output else value
        self._get = lambda: kept

    def unpack(self):
        value = self._get()
        if value is GONE:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return value

    def release(self):
        self._get = lambda: GONE

# %% release-rule
def release_saved(node, retain_graph):
    kept = () if retain_graph else node.saved()
    [one.release() for one in kept]

# %% saved-bytes
from collections import deque


def saved_bytes(tensor):
    def alive(saved):
        try:
            return saved.unpack()
        except RuntimeError:
            return None

    queue, met, sizes = deque([tensor.grad_fn]), {None}, {}
    while queue:
        node = queue.popleft()
        if node in met:
            continue
        met.add(node)
        queue.extend(edge[0] for edge in node.next_functions)
        for value in map(alive, node.saved()):
            if value is not None and hasattr(value, "data_ptr"):
                sizes.setdefault(value.data_ptr(), []).append(value.nbytes)
    return sum(max(those) for those in sizes.values())
