"""Countries of the made economy: their money, ports, office hours and the names of their firms."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A country.

    Attributes:
        country: ISO 3166-1 alpha-2.
        currency: ISO 4217.
        minor_per_usd: Minor units of the currency that one US dollar buys, about.
        opens_utc_h: Hour in UTC around which offices write their documents.
        ports: Where goods are loaded and discharged.
        names: First words of firms' names.
        forms: Legal forms, each as it is written by some and by others.
    """

    country: str
    currency: str
    minor_per_usd: float
    opens_utc_h: float
    ports: tuple[str, ...]
    names: tuple[str, ...]
    forms: tuple[tuple[str, str], ...]


PLACES = (
    Place(
        "DE",
        "EUR",
        92.0,
        10.0,
        ("Hamburg", "Bremerhaven"),
        ("Müller", "Nordstern", "Köhler", "Weißenfels", "Falk", "Rheintal"),
        (("GmbH", "Gesellschaft mbH"), ("AG", "Aktiengesellschaft")),
    ),
    Place(
        "FR",
        "EUR",
        92.0,
        10.0,
        ("Le Havre", "Marseille"),
        ("Lefèvre", "Comptoir", "Beauséjour", "Garonne", "Étoile", "Duval"),
        (("SAS", "S.A.S."), ("SARL", "S.A.R.L.")),
    ),
    Place(
        "PL",
        "PLN",
        400.0,
        9.5,
        ("Gdańsk", "Gdynia"),
        ("Łukasz", "Wisła", "Żak", "Polmet", "Dąbrowa", "Jantar"),
        (("Sp. z o.o.", "Spółka z o.o."), ("S.A.", "SA")),
    ),
    Place(
        "TR",
        "USD",
        100.0,
        8.5,
        ("Mersin", "Izmir"),
        ("Y\u0131ld\u0131z", "Öztürk", "Anadolu", "Çelik", "Marmara", "Doğan"),
        (("A.Ş.", "AS"), ("Ltd. Şti.", "Ltd.")),
    ),
    Place(
        "IN",
        "INR",
        8_300.0,
        6.5,
        ("Nhava Sheva", "Chennai"),
        ("Shree", "Bharat", "Lakshmi", "Deccan", "Kaveri", "Mehta"),
        (("Pvt. Ltd.", "Private Limited"), ("Ltd.", "Limited")),
    ),
    Place(
        "CN",
        "CNY",
        720.0,
        3.5,
        ("Shanghai", "Ningbo"),
        ("Hengxin", "Jinlong", "Oriental", "Tianhe", "Longwei", "Huarun"),
        (("Co., Ltd.", "Co. Limited"), ("Group Co.", "Group Company")),
    ),
    Place(
        "BR",
        "BRL",
        500.0,
        14.5,
        ("Santos", "Paranaguá"),
        ("São Jorge", "Irmãos Costa", "Agropecuária", "Jacarandá", "Paraná", "Lima"),
        (("Ltda.", "Limitada"), ("S/A", "SA")),
    ),
    Place(
        "MX",
        "MXN",
        1_700.0,
        16.5,
        ("Veracruz", "Manzanillo"),
        ("Hernández", "Azteca", "Río Bravo", "Peñasco", "Del Valle", "Monterrey"),
        (("S.A. de C.V.", "SA de CV"), ("S. de R.L.", "S de RL")),
    ),
    Place(
        "US",
        "USD",
        100.0,
        16.0,
        ("Houston", "Savannah"),
        ("Cascade", "Liberty", "O'Connor", "Great Plains", "Bluewater", "Summit"),
        (("Inc.", "Incorporated"), ("LLC", "L.L.C.")),
    ),
    Place(
        "JP",
        "JPY",
        150.0,
        2.0,
        ("Yokohama", "Kobe"),
        ("Fujimori", "Kōwa", "Ōsaka Trading", "Sakura", "Tanabe", "Mitsuba"),
        (("K.K.", "Kabushiki Kaisha"), ("Co., Ltd.", "Co. Ltd.")),
    ),
    Place(
        "VN",
        "USD",
        100.0,
        4.0,
        ("Hai Phong", "Cai Mep"),
        ("Đại Phát", "Hòa Bình", "Sông Hồng", "Minh Long", "Tân Á", "Vinatex"),
        (("JSC", "Joint Stock Company"), ("Co., Ltd.", "Co. Ltd.")),
    ),
    Place(
        "NG",
        "NGN",
        155_000.0,
        11.0,
        ("Apapa", "Onne"),
        ("Adébáyò", "Niger Delta", "Okonkwo", "Zenith", "Sahel", "Bright Star"),
        (("Ltd.", "Limited"), ("Plc", "PLC")),
    ),
)
