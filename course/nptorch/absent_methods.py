"""Attributes of ``torch.Tensor`` that this engine leaves out, each with an error that says so.

A list and no ``Tensor.__getattr__``, which would slow down every read of every attribute, and
would answer for names that torch does not have either.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/tensors.html
"""

from __future__ import annotations

from course.nptorch._tensor import Tensor
from course.nptorch.absent import AbsentAttribute

LISTED = """
    H addbmm addbmm_ addr addr_ adjoint angle apply_ argwhere as_strided as_strided_
    as_strided_scatter as_subclass bfloat16 bitwise_left_shift bitwise_left_shift_ bitwise_not_
    bitwise_right_shift bitwise_right_shift_ cauchy_ ccol_indices cdouble cfloat chalf cholesky
    cholesky_inverse cholesky_solve coalesce col_indices conj conj_physical conj_physical_
    const_data_ptr copysign copysign_ corrcoef cov crow_indices cummax cummin deg2rad deg2rad_
    dense_dim dequantize det diagflat diagonal_scatter digamma digamma_ dim_order dsplit eig
    erfc erfc_ erfinv erfinv_ exp2 exp2_ float_power float_power_ fmax fmin frexp gcd gcd_
    geometric_ geqrf grad_dtype hardshrink hash_tensor heaviside heaviside_ histc histogram
    hsplit i0 i0_ igamma igamma_ igammac igammac_ imag index index_reduce index_reduce_ indices
    int_repr inverse ipu is_coalesced is_conj is_cpu is_distributed is_ipu is_maia is_mkldnn
    is_mtia is_neg is_nested is_pinned is_set_to is_shared is_signed is_sparse_csr is_vulkan
    is_xla is_xpu isreal istft kthvalue lcm lcm_ ldexp ldexp_ lgamma lgamma_ log_normal_
    logaddexp2 logcumsumexp logdet logit logit_ lstsq lu lu_solve mH map2_ map_ masked_scatter
    masked_scatter_ matrix_exp matrix_power mode module_load msort mtia mvlgamma mvlgamma_
    nanmedian nanquantile narrow_copy new_empty_strided nextafter nextafter_ nonzero_static
    orgqr ormqr pin_memory pinverse polygamma polygamma_ prelu put put_ q_per_channel_axis
    q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qr qscheme quantile
    rad2deg rad2deg_ record_stream renorm renorm_ resize resize_ resize_as resize_as_
    resize_as_sparse_ resolve_conj resolve_neg row_indices scatter_reduce scatter_reduce_
    select_scatter set_ share_memory_ sinc sinc_ slice_inverse slice_scatter slogdet smm solve
    sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm stft storage
    storage_type svd symeig to_dense to_mkldnn to_padded_tensor to_sparse to_sparse_bsc
    to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr triangular_solve unfold
    unique_consecutive unsafe_chunk unsafe_split unsafe_split_with_sizes untyped_storage values
    vdot vsplit xlogy_ xpu
"""
NAMES = LISTED.split()


def fill_the_gaps() -> None:
    """Give `Tensor` every attribute of the list that no operation has given it."""
    for name in NAMES:
        if name not in vars(Tensor):
            setattr(Tensor, name, AbsentAttribute(f"Tensor.{name}"))
