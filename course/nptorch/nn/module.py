"""``Module``: a function with parameters, and with other modules inside.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.nn.module_attributes import Attributes
from course.nptorch.nn.module_hooks import Hooked


class Module(Hooked):
    """Base class of all modules: assign parameters and modules to attributes, write `forward`.

    Attributes
    ----------
    training : bool
        Whether the module is in training mode.

    Notes
    -----
    ``super().__init__()`` has to run before anything is assigned. How attributes are sorted is in
    ``module_attributes.py``, walking through them in ``module_tree.py``, saving and loading in
    ``module_state.py``, and hooks in ``module_hooks.py``.
    """

    call_super_init = False  # whether the classes after this one are initialised as well

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = f"{type(self).__name__}.__init__()"
        if kwargs and not self.call_super_init:
            raise TypeError(f"{name} got an unexpected keyword argument '{next(iter(kwargs))}'")
        if args and not self.call_super_init:
            raise TypeError(f"{name} takes 1 positional argument but {len(args) + 1} were given")
        super().__init__()
        if self.call_super_init:
            super(Attributes, self).__init__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; every module overrides this.

        Raises
        ------
        NotImplementedError
            If it does not.
        """
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')
