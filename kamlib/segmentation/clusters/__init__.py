"""Groups of accounts that are alike in what they bought, or why there are none."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
