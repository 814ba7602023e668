"""What binds beyond buying again: share of wallet, price accepted, accounts brought in."""
