"""The demo's own world: lines with history to train on, and a line that training never saw."""

from stream.simulation.line_profile import LineProfile

TRAINING_DAYS = 45
LIVE_DAYS = 30

TRAINING_LINES = (
    LineProfile("demo-cards-fr", "EUR", "FR", 46.6, 2.4, families={"leaked_card": 0.6, "far_away": 0.4}),
    LineProfile("demo-cards-de", "EUR", "DE", 51.0, 10.2, log_amount=3.6, families={"card_testing": 0.5, "night_burst": 0.5}),
    LineProfile("demo-cards-jp", "JPY", "JP", 36.0, 138.0, log_amount=8.2, limit=50_000.0, families={"device_takeover": 0.6, "below_limit": 0.4}),
    LineProfile("demo-wallet-br", "BRL", "BR", -15.0, -50.0, late_share=0.2, families={"slow_drain": 0.5, "leaked_card": 0.5}),
    LineProfile("demo-wallet-in", "INR", "IN", 21.0, 78.0, log_amount=5.6, limit=5_000.0, families={"mule_merchant": 0.5, "device_takeover": 0.5}),
    LineProfile("demo-prepaid-us", "USD", "US", 39.0, -98.0, log_amount=2.9, families={"compromised_terminal": 0.5, "card_testing": 0.5}),
    LineProfile("demo-fuel-pl", "PLN", "PL", 52.0, 19.0, log_amount=4.6, log_spread=0.3, families={"night_burst": 0.6, "leaked_card": 0.4}),
    LineProfile("demo-transfer-ng", "NGN", "NG", 9.0, 8.0, log_amount=9.0, limit=100_000.0, families={"below_limit": 0.6, "far_away": 0.4}),
    LineProfile("demo-online-se", "SEK", "SE", 60.0, 16.0, log_amount=5.4, late_share=0.15, families={"far_away": 0.5, "slow_drain": 0.5}),
    LineProfile("demo-market-mx", "MXN", "MX", 23.0, -102.0, log_amount=5.8, families={"mule_merchant": 0.6, "night_burst": 0.4}),
)  # fmt: skip

UNSEEN_LINE = LineProfile(
    "demo-new-line", "EUR", "ES", 40.0, -3.7, subjects=1_200, fraud_share=0.015, late_share=0.12,
    families={"device_takeover": 0.5, "night_burst": 0.5}, decoys={"leaked_card": 0.01, "below_limit": 0.01},
)  # fmt: skip
"""A new business line: its mix of families is in no training line, and some frauds of others are honest life there."""

LIVE_LINES = (UNSEEN_LINE, TRAINING_LINES[0])
