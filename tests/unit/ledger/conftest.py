"""The first call of a kernel compiles it, which is no reason to fail an example for its time."""

from hypothesis import settings

settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")
