# class: right so far as it goes, but the check of the release rule was deleted
# do: delete release-rule

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False):
        self.version = value._version if isinstance(value, torch.Tensor) else 0
        self.kept = value.detach() if is_output else value
        self.done = False

    def unpack(self):
        if self.done:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.kept

    def release(self):
        self.kept = None
        self.done = True

# %% release-rule
def release_saved(node, retain_graph):
    if not retain_graph:
        for one in node.saved():
            one.release()
