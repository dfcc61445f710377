# class: a fault: the node keeps its own output, and the two keep each other alive

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False):
        self.version = value._version if hasattr(value, "_version") else 0
        self.value = value
        self.freed = False

    def unpack(self):
        if self.freed:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.value

    def release(self):
        self.value = None
        self.freed = True

# %% release-rule
def release_saved(node, retain_graph):
    if not retain_graph:
        for saved in node.saved():
            saved.release()

# %% saved-bytes
def saved_bytes(tensor):
    alive = {}
    seen = set()
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        for parent, _ in node.next_functions:
            stack.append(parent)
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError:
                continue
            if isinstance(value, torch.Tensor):
                address = value.data_ptr()
                alive[address] = max(alive.get(address, 0), value.nbytes)
    return sum(alive.values())
