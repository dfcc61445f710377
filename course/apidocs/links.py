"""Where torch's documentation speaks of a name, worked out from the name."""

from __future__ import annotations

from course.apidocs.names import Entry

ROOT = "https://docs.pytorch.org/docs/stable/"

#: Areas whose names stand together on one page; all others have a page for each name.
_PAGES = {
    "autograd.graph": "autograd.html",
    "nn.init": "nn.init.html",
    "distributions": "distributions.html",
    "testing": "testing.html",
}
#: Names that are documented elsewhere than their place tells.
_ELSEWHERE = {
    "torch.Tensor": "tensors.html",
    "torch.Size": "size.html",
    "torch.device": "tensor_attributes.html#torch.device",
    "torch.dtype": "tensor_attributes.html#torch.dtype",
    "torch.finfo": "type_info.html#torch.finfo",
    "torch.iinfo": "type_info.html#torch.iinfo",
    "torch.autograd.Function": "autograd.html#torch.autograd.Function",
    "torch.autograd.Variable": "autograd.html#variable-deprecated",
    "torch.autograd.detect_anomaly": "autograd.html#torch.autograd.detect_anomaly",
    "torch.autograd.set_detect_anomaly": "autograd.html#torch.autograd.set_detect_anomaly",
    "torch.autograd.gradcheck": "generated/torch.autograd.gradcheck.gradcheck.html",
    "torch.autograd.gradgradcheck": "generated/torch.autograd.gradcheck.gradgradcheck.html",
    "torch.distributions.Categorical": "distributions.html#categorical",
    "torch.distributions.Distribution": "distributions.html#distribution",
    "torch.distributions.Normal": "distributions.html#normal",
    "torch.nn.Parameter": "generated/torch.nn.parameter.Parameter.html",
    "torch.nn.Buffer": "generated/torch.nn.parameter.Buffer.html",
    "torch.optim.Optimizer": "optim.html#torch.optim.Optimizer",
}
#: Where to send readers who look for a name that torch has and does not explain.
_OVERVIEWS = {
    "": "torch.html",
    "Tensor": "tensors.html",
    "autograd": "autograd.html",
    "nn": "nn.html",
    "nn.functional": "nn.functional.html",
    "nn.utils": "nn.html#utilities",
    "optim": "optim.html",
    "optim.lr_scheduler": "optim.html#how-to-adjust-learning-rate",
}


def link(entry: Entry) -> str:
    """Return the address; empty for the course's own names.

    A name has a page of its own if torch gives it a docstring. Methods of classes are on the page
    of their class.
    """
    if entry.counterpart is None:
        return ""
    owner = entry.name.rpartition(".")[0]
    if owner:
        return _of_method(entry, owner)
    if entry.path in _ELSEWHERE:
        return ROOT + _ELSEWHERE[entry.path]
    if entry.area.path in _PAGES:
        return f"{ROOT}{_PAGES[entry.area.path]}#{entry.path}"
    if getattr(entry.counterpart, "__doc__", None):
        return f"{ROOT}generated/{entry.path}.html"
    return ROOT + _OVERVIEWS.get(entry.area.path, "autograd.html")


def _of_method(entry: Entry, owner: str) -> str:
    of_class = Entry(entry.area, owner, object, type("", (), {"__doc__": "a class has one"}))
    page = link(of_class)
    return page if "#" in page else f"{page}#{entry.path}"
