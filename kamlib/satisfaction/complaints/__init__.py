"""Complaints: how many, how fast, by whom, and who is unhappy without a word."""
