# class: one cell does not even compile; the cells after it are right

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False)
        self.value = value

# %% release-rule
def release_saved(node, retain_graph):
    if not retain_graph:
        for one in node.saved():
            one.release()
