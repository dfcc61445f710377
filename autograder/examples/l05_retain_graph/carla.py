# class: a fault: release does nothing, so every activation lives as long as the loss

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False):
        self.version = getattr(value, "_version", 0)
        self.value = value.detach() if is_output else value

    def unpack(self):
        return self.value

    def release(self):
        pass

# %% release-rule
def release_saved(node, retain_graph):
    if retain_graph:
        return
    for saved in node.saved():
        saved.release()

# %% saved-bytes
def saved_bytes(tensor):
    memory = {}
    seen = set()
    todo = [tensor.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        for saved in node.saved():
            try:
                kept = saved.unpack()
            except RuntimeError:
                continue
            if hasattr(kept, "nbytes"):
                at = kept.data_ptr()
                memory[at] = max(kept.nbytes, memory.get(at, 0))
        todo.extend(parent for parent, _ in node.next_functions)
    return sum(memory.values())
