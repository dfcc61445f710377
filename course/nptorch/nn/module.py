"""``Module``: a function with parameters, and with other modules inside.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from __future__ import annotations

from typing import Any

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

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; every module overrides this.

        Raises
        ------
        NotImplementedError
            If it does not.
        """
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')
