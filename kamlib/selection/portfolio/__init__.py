"""The portfolio of key accounts: relationships, what they are owed, the programme."""
