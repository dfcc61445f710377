# class: a fault: retain_graph is not looked at

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False):
        if hasattr(value, "_version"):
            self.version = value._version
        else:
            self.version = 0
        if is_output:
            value = value.detach()
        self._value = value
        self._alive = True

    def unpack(self):
        if not self._alive:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self._value

    def release(self):
        self._alive = False
        self._value = None

# %% release-rule
def release_saved(node, retain_graph):
    for saved in node.saved():
        saved.release()
