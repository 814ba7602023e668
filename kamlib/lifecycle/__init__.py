"""The lifecycle of accounts: stages, movement in accounts and money, survival, rhythm."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
