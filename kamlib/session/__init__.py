"""What a notebook holds in its hand: one opened report, from which it asks everything."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
