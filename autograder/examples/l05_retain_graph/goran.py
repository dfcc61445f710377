# class: a fault: after release, unpack hands out None instead of raising; the other cells are untouched

# %% saved-tensor
class SavedTensor:
    def __init__(self, value, is_output=False):
        self.version = value._version if isinstance(value, torch.Tensor) else 0
        self.value = value.detach() if is_output else value

    def unpack(self):
        return self.value

    def release(self):
        self.value = None
