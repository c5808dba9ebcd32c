"""The measuring script of the few-shot model runs in its small form and names its figures."""

from tests import few_shot_scale
from tests.builders.few_shot import a_shared_model


def test_the_small_form_measures_every_part(tmp_path):
    shared = a_shared_model(few_shot_scale.WIDTH)
    sizes = few_shot_scale.QUICK
    found = {
        "adaptation": few_shot_scale.adaptation(shared, sizes),
        "batch": few_shot_scale.many_lines(shared, sizes),
        "scoring": few_shot_scale.scoring(shared, sizes),
        "training": {"2": few_shot_scale.trained(2, quick=True, out=tmp_path / "model")},
    }
    figures = dict(few_shot_scale.told(found))
    assert len(figures) == 4 + 2 + 8 + 1
    assert found["batch"]["lines"] == sizes.lines
    assert found["training"]["2"]["peak_mb"] > found["training"]["2"]["imports_mb"] > 0
    assert (tmp_path / "model").exists()
