"""Ranks and tiers with probability, and moves between tiers against what chance moves."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
