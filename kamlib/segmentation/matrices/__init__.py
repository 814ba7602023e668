"""Two matrices of accounts and product lines, and what other readings of a rule would change."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
