# class: right, and written differently: a list of at most one value, helper functions, node ids

# %% saved-tensor
class SavedTensor:
    __slots__ = ("box", "version")

    def __init__(self, value, is_output=False):
        self.version = 0
        if isinstance(value, torch.Tensor):
            self.version = value._version
            if is_output:
                value = value.detach()
        self.box = [value]

    def unpack(self):
        try:
            (value,) = self.box
        except ValueError:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME) from None
        return value

    def release(self):
        self.box.clear()

# %% release-rule
def release_saved(node, retain_graph=False):
    if retain_graph:
        return None
    boxes = list(node.saved())
    while boxes:
        boxes.pop().release()

# %% saved-bytes
def all_nodes(root):
    found, fresh = [], [root] if root is not None else []
    known = {id(root)}
    while fresh:
        node = fresh.pop(0)
        found.append(node)
        for below, _ in node.next_functions:
            if below is not None and id(below) not in known:
                known.add(id(below))
                fresh.append(below)
    return found


def saved_bytes(tensor):
    pointers = {}
    for node in all_nodes(tensor.grad_fn):
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError as error:
                assert "second time" in str(error)
                continue
            if not isinstance(value, torch.Tensor):
                continue
            if pointers.get(value.data_ptr(), 0) < value.nbytes:
                pointers[value.data_ptr()] = value.nbytes
    return sum(pointers.values())
