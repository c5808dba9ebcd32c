"""`make audit`: what it looks at, and that no test waits for the network."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()


def rule(target):
    return re.search(rf"^{target}:(.*?)\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)


def test_every_lock_is_audited_and_every_images_lock_gets_a_bill_of_materials():
    audited = set(re.search(r"^AUDITED := (.+)$", MAKEFILE, re.MULTILINE)[1].split())
    assert audited == {path.stem.removeprefix("requirements-") for path in ROOT.glob("requirements-*.lock")}
    assert "-r requirements.lock" in rule("audit")[2]
    assert "--strict" in rule("audit")[2]


def test_the_audits_tools_are_held_by_version_and_are_no_part_of_the_tests():
    assert len(re.findall(r"(?:pip-audit|cyclonedx-bom)@\d+\.\d+\.\d+", rule("audit")[2])) == 2
    assert "audit" not in "".join(rule("test").groups())
