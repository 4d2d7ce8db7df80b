"""How a URL is signed: pure functions and values, no network, no clock."""
