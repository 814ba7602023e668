"""Models of buying and renewing: histories in, fitted models and forecasts out; no accounts."""
