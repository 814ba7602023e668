"""Results as charts, styled tables and computed sentences; no statistics here."""
