# class: a fault: a node that two paths lead to is counted twice

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False):
        self.version = value._version if isinstance(value, torch.Tensor) else 0
        self.value = value.detach() if is_output else value
        self.gone = False

    def unpack(self):
        if self.gone:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.value

    def release(self):
        self.gone = True
        self.value = None

# %% release-rule
def release_saved(node, retain_graph):
    if not retain_graph:
        for saved in node.saved():
            saved.release()

# %% saved-bytes
def saved_bytes(tensor):
    total = 0
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError:
                continue
            if isinstance(value, torch.Tensor):
                total += value.nbytes
        stack += [parent for parent, _ in node.next_functions]
    return total
