"""Sectors of trade: goods, their usual prices and lots, and the season in which they are sold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goods:
    """Goods that are priced by one code.

    Attributes:
        code: HS, six digits.
        words: What documents call them.
        unit_code: UN/CEFACT Recommendation 20.
        scale: Digits behind the point of a quantity.
        price_usd: Usual price of one unit.
        lot: Usual quantity of a sale, units.
    """

    code: str
    words: tuple[str, ...]
    unit_code: str
    scale: int
    price_usd: float
    lot: float


@dataclass(frozen=True, slots=True)
class Sector:
    """What makes one trade differ from another.

    Attributes:
        name: Of the sector.
        goods: That are sold in it.
        peak_day: Day of the year with most sales.
        season: How much more is sold at the peak than on average, 0 to 1.
        lead_days: From an order to its shipment, on average.
        tenors_days: Usual terms of payment.
    """

    name: str
    goods: tuple[Goods, ...]
    peak_day: float
    season: float
    lead_days: float
    tenors_days: tuple[int, ...]


_GRAIN = (
    Goods("100199", ("wheat, milling quality", "soft wheat in bulk", "wheat"), "TNE", 3, 240.0, 220.0),
    Goods("100590", ("yellow maize in bulk", "maize, feed grade"), "TNE", 3, 210.0, 260.0),
    Goods("120190", ("soya beans", "soya beans in bulk, non-GMO"), "TNE", 3, 470.0, 120.0),
)  # fmt: skip
_COFFEE = (
    Goods("090111", ("green coffee, arabica", "coffee beans, washed"), "KGM", 0, 5.2, 19_000.0),
    Goods("180100", ("cocoa beans", "cocoa beans, fermented"), "KGM", 0, 4.1, 25_000.0),
)  # fmt: skip
_METALS = (
    Goods("740311", ("copper cathodes", "copper cathodes, grade A"), "TNE", 3, 8_900.0, 12.0),
    Goods("760110", ("primary aluminium ingots", "aluminium ingots 99.7%"), "TNE", 3, 2_400.0, 30.0),
    Goods("721049", ("galvanised steel coils", "steel coils, hot-dip zinc"), "TNE", 3, 780.0, 75.0),
)
_TEXTILES = (
    Goods("610910", ("cotton T-shirts", "T-shirts, knitted, assorted sizes"), "C62", 0, 3.4, 18_000.0),
    Goods("620342", ("cotton trousers", "men's trousers, denim"), "C62", 0, 9.5, 7_000.0),
    Goods("630260", ("towels, terry", "bath linen of cotton"), "DZN", 0, 27.0, 1_500.0),
)
_ELECTRONICS = (
    Goods("854231", ("microcontrollers", "integrated circuits, tray packed"), "MIL", 0, 1_350.0, 45.0),
    Goods("850440", ("power supplies 65 W", "power converters"), "C62", 0, 11.0, 5_500.0),
    Goods("852859", ("monitors 27 inch", "display monitors"), "C62", 0, 142.0, 420.0),
)
_MACHINERY = (
    Goods("841370", ("centrifugal pumps", "pumps with motor"), "C62", 0, 960.0, 60.0),
    Goods("848210", ("ball bearings", "deep groove ball bearings, boxed"), "CEN", 0, 420.0, 130.0),
    Goods("870899", ("parts for vehicles", "brackets and mounts, steel"), "KGM", 0, 7.8, 8_500.0),
)
_CHEMICALS = (
    Goods("390210", ("polypropylene, granules", "polypropylene homopolymer"), "TNE", 3, 1_150.0, 50.0),
    Goods("310210", ("urea 46% N", "urea, prilled, in bags"), "TNE", 3, 360.0, 160.0),
    Goods("290511", ("methanol", "methanol, technical grade"), "LTR", 0, 0.34, 160_000.0),
)
_TIMBER = (
    Goods("440710", ("sawn softwood", "sawn spruce, kiln dried"), "MTQ", 2, 265.0, 210.0),
    Goods("441233", ("plywood, birch", "plywood panels 18 mm"), "MTQ", 2, 640.0, 85.0),
)

SECTORS = (
    Sector("grain", _GRAIN, 235.0, 0.7, 18.0, (30, 45, 60)),
    Sector("coffee", _COFFEE, 130.0, 0.45, 26.0, (30, 60, 90)),
    Sector("metals", _METALS, 80.0, 0.15, 14.0, (30, 45, 60, 90)),
    Sector("textiles", _TEXTILES, 270.0, 0.5, 30.0, (60, 90, 120)),
    Sector("electronics", _ELECTRONICS, 300.0, 0.4, 12.0, (30, 60, 90)),
    Sector("machinery", _MACHINERY, 160.0, 0.15, 24.0, (60, 90, 120)),
    Sector("chemicals", _CHEMICALS, 95.0, 0.25, 10.0, (30, 45, 60)),
    Sector("timber", _TIMBER, 180.0, 0.4, 16.0, (30, 60)),
)
