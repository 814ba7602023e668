"""Where our effort goes: hours, people and money by class of account, and what comes of it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
