"""The review of one account: what it buys, how it stands, what to do; for us or for itself."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
