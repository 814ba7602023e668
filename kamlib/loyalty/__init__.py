"""Loyalty: how long accounts stay, whether they buy again, what binds them, what they hold."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
