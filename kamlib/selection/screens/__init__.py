"""Screens: good customers, whom not to work with, and how far the selection has come."""
