"""Audit of quoted numbers: does what was said about satisfaction add up."""
