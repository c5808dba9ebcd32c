"""The demo's own world: lines with history to train on, and two lines that training never saw."""

from stream.simulation.line_profile import LineProfile
from stream.simulation.supply_chain.line_profile import SupplyChainLine
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.sector import SECTORS

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

TRADE_TRAINING_DAYS = 365
TRADE_LIVE_DAYS = 539

TRADE_TRAINING_LINES = (
    SupplyChainLine("demo-factoring-de", "factoring", SECTORS[5], PLACES[0], families={"double_financing_near": 0.5, "fictitious_invoice": 0.5}, decoys={"standing_order": 12.0, "new_buyer": 12.0}),
    SupplyChainLine("demo-factoring-fr", "factoring", SECTORS[1], PLACES[1], families={"re_ageing": 0.5, "phantom_buyer": 0.5}, decoys={"late_shipment": 12.0, "new_buyer": 12.0}),
    SupplyChainLine("demo-reverse-us", "reverse_factoring", SECTORS[2], PLACES[8], families={"pre_invoicing": 0.5, "over_invoicing": 0.5}, decoys={"premium_grade": 12.0, "late_shipment": 12.0}),
    SupplyChainLine("demo-discounting-in", "dynamic_discounting", SECTORS[3], PLACES[4], families={"quantity_above_shipment": 0.5, "double_financing_exact": 0.5}, decoys={"part_shipments": 12.0, "request_sent_again": 12.0}),
    SupplyChainLine("demo-orders-br", "order_finance", SECTORS[4], PLACES[6], families={"fictitious_invoice": 0.5, "bust_out": 0.5}, decoys={"seasonal_growth": 12.0, "new_buyer": 12.0}),
    SupplyChainLine("demo-warehouses-mx", "warehouse_receipts", SECTORS[0], PLACES[7], families={"above_capacity": 0.5, "lot_pledged_twice": 0.5}, decoys={"harvest": 12.0, "pledged_in_parts": 12.0}),
)  # fmt: skip

UNSEEN_TRADE_LINE = SupplyChainLine(
    "demo-new-factoring", "factoring", SECTORS[6], PLACES[1], frauds_per_year=40, families={"circular_trade": 1.0},
    decoys={"group_circle": 12.0, "treasury_payer": 12.0, "reissued_invoice": 12.0},
)  # fmt: skip
"""A new line of supply-chain finance: trade in circles is in no training line, and honest groups trade in circles too."""

LIVE_TRADE_LINES = (UNSEEN_TRADE_LINE, TRADE_TRAINING_LINES[0], TRADE_TRAINING_LINES[3])
"""Beside it two lines on which documents are financed twice, nearly and exactly."""
