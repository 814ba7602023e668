"""Estimators that know no accounts: numbers in, numbers out."""
