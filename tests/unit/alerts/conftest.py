"""Kernels compile at their first call: hypothesis must not time examples."""

from hypothesis import settings

settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")
