"""Makes a line's weights: the shared initialisation taught the line's support, on the line's own scale."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.checkpoint import Initialisation
from metalearn.episode import support_of
from stream.adaptation.few_shot_teacher import FewShotTeacher
from stream.adaptation.support_buffer import Rows, SupportBuffer, rows_of
from stream.adaptation.support_sample import SupportSample
from stream.scoring.anomaly import fit_anomaly
from stream.scoring.calibration import Calibration, fit_calibration
from stream.scoring.initialisation import line_standardisation, shared_weights
from stream.scoring.line_scorers import few_shot_part, scorer_of
from stream.scoring.line_weights import LineWeights
from stream.scoring.network_forward import forward, network_of
from stream.scoring.score_histogram import histogram_of
from stream.scoring.standardisation import Standardisation, fit_standardisation, keep_shared
from stream.scoring.weights_manifest import WeightsManifest

Arrays = dict[str, npt.NDArray[Any]]
Scorer = Callable[[Rows], npt.NDArray[np.float64]]


class Adapter:
    """Adapts one shared initialisation to any line."""

    def __init__(self, initialisation: Initialisation) -> None:
        """Take the initialisation that all lines start from."""
        self._initialisation = initialisation
        self.shared = shared_weights(initialisation)
        self.initialisation_id = initialisation.manifest.id
        self.feature_hash = initialisation.manifest.feature_hash
        self.width = self.shared.width
        self._part = few_shot_part(initialisation)
        self._few_shot = FewShotTeacher(self._part, initialisation.manifest.lines, self.shared.specification)

    def warm_up(self) -> None:
        """Load what teaching needs, so that a line's first label need not wait for it."""
        rows = np.zeros((2, self.width), np.float32)
        self._adapt(rows, np.array([1.0, 0.0], np.float32))
        self._few_shot.warm_up()

    def build(
        self,
        line: str,
        version: int,
        current: LineWeights,
        sample: SupportSample,
        buffer: SupportBuffer,
        made_at: datetime,
    ) -> LineWeights:
        """Return candidate weights of a line.

        Args:
            line: The line.
            version: The candidate's.
            current: What it will be judged against.
            sample: What it is taught; without frauds it learns the line's own scale alone.
            buffer: The line's background.
            made_at: When, for the manifest.
        """
        scale = self._standardisation(line, buffer)
        background = scale.apply(self._background(buffer))
        few_shot = self._few_shot.teaches(line, sample)
        taught = self._few_shot_arrays if few_shot else self._network_arrays
        arrays: Arrays = {
            "encode.edges": self._initialisation.arrays["encode.edges"],
            "standardise.mean": scale.mean,
            "standardise.scale": scale.scale,
            **taught(sample, buffer, scale, background),
            **_anomaly(background),
        }
        manifest = WeightsManifest(
            line=line,
            version=version,
            initialisation=self.initialisation_id,
            feature_hash=self.feature_hash,
            kind="few_shot" if few_shot else "network",
            support_frauds=len(sample.frauds),
            support_genuine=len(sample.genuine) + len(sample.presumed),
            created_at=made_at.isoformat(),
            newest_label_produced_at_ms=sample.newest_produced_at_ms(),
            parent_version=current.manifest.version,
        )
        return LineWeights.sealed(manifest, arrays)

    def with_figures(
        self, candidate: LineWeights, figures: dict[str, float], buffer: SupportBuffer, folded: int
    ) -> LineWeights:
        """Return the candidate with the gate's figures, and what a restarted learner must know, sealed anew."""
        known = {"folded": float(folded), "event_time_s": buffer.watermark_s}
        finite = {name: value for name, value in {**figures, **known}.items() if np.isfinite(value)}
        return LineWeights.sealed(candidate.manifest.model_copy(update={"gate": finite}), candidate.arrays)

    def scorer(self, weights: LineWeights) -> Scorer:
        """Return the function that scores raw rows with some weights."""
        made = scorer_of(weights, self._part)
        return lambda rows: made.score(rows).score

    def ranker(self, buffer: SupportBuffer) -> Callable[[SupportSample], Scorer]:
        """Return a function that teaches a sample and returns a scorer good for ranking alone.

        It teaches the network, whatever the candidate is: what is judged so are labels, and
        four few-shot models would keep a label waiting.
        """
        # The scale hardly depends on the line's name; cross-fitting compares like with like.
        scale = self._own_scale(buffer)

        def teach(sample: SupportSample) -> Scorer:
            network = network_of({**self._initialisation.arrays, **self._layers(sample, scale)})
            return lambda rows: forward(network, scale.apply(rows))

        return teach

    def _prior(self) -> Standardisation:
        arrays = self.shared.arrays
        return Standardisation(arrays["standardise.mean"], arrays["standardise.scale"])

    def _standardisation(self, line: str, buffer: SupportBuffer) -> Standardisation:
        trained = line_standardisation(self._initialisation, line)
        return trained or self._own_scale(buffer)

    def _own_scale(self, buffer: SupportBuffer) -> Standardisation:
        shared = self._prior()
        own = fit_standardisation(self._background(buffer), shared, buffer.events())
        return keep_shared(own, shared, self.shared.specification.from_labels)

    def _background(self, buffer: SupportBuffer) -> Rows:
        return rows_of([*buffer.background(), *buffer.background(reserved=True)], self.width)

    def _network_arrays(
        self, sample: SupportSample, buffer: SupportBuffer, scale: Standardisation, background: Rows
    ) -> Arrays:
        layers = self._layers(sample, scale)
        return {**layers, **self._calibrated(layers, sample, buffer, scale, background)}

    def _few_shot_arrays(
        self, sample: SupportSample, buffer: SupportBuffer, scale: Standardisation, background: Rows
    ) -> Arrays:
        taught = self._few_shot.teach(sample, buffer.presumed_genuine(), scale, buffer.prevalence())
        calibration = taught.calibration
        return {
            **self._initialisation.layers(),
            **taught.arrays(),
            "calibration.slope": np.array([calibration.slope]),
            "calibration.intercept": np.array([calibration.intercept]),
            "score.histogram": histogram_of(calibration.apply(taught.log_odds(background))),
        }

    def _layers(self, sample: SupportSample, scale: Standardisation) -> Arrays:
        if not sample.frauds:
            return dict(self._initialisation.layers())
        return self._adapt(scale.apply(sample.features(self.width)), sample.labels())

    def _adapt(self, rows: Rows, labels: npt.NDArray[np.float32]) -> Arrays:
        # Torch is slow to import, and only teaching needs it.
        import torch  # noqa: PLC0415

        from metalearn.maml import adapt  # noqa: PLC0415

        # One core: more are slower for products so small, and make sums depend on the machine.
        torch.set_num_threads(1)
        return adapt(self._initialisation, support_of(rows, labels))

    def _calibrated(
        self,
        layers: Arrays,
        sample: SupportSample,
        buffer: SupportBuffer,
        scale: Standardisation,
        background: Rows,
    ) -> Arrays:
        network = network_of({**self._initialisation.arrays, **layers})
        logits = forward(network, background)
        frauds = forward(network, scale.apply(rows_of(sample.frauds, self.width)))
        share = self._initialisation.manifest.fraud_share
        found: Calibration = fit_calibration(frauds, logits, buffer.prevalence(), share)
        return {
            "calibration.slope": np.array([found.slope]),
            "calibration.intercept": np.array([found.intercept]),
            "score.histogram": histogram_of(found.apply(logits)),
        }


def _anomaly(background: Rows) -> Arrays:
    # A line's very first support may come before any background: one row at the mean stands in.
    found = fit_anomaly(background if len(background) else np.zeros((1, background.shape[1]), np.float32))
    return {"anomaly.mean": found.mean, "anomaly.precision": found.precision, "anomaly.quantiles": found.quantiles}
