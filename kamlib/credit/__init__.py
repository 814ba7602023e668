"""Payments and credit: what is open, who pays late, which terms, and what if one does not pay."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
