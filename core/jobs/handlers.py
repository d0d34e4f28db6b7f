"""Who does which kind of job."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.collect import run_reading, run_refresh
from core.deploy import run_registration
from core.evaluate import run_evaluation
from core.records import JobKind, Json
from core.retrain import run_retraining
from core.serve import run_batch
from core.simulate import run_replay
from core.store import JobHandle
from core.train import run_pricing, run_training

Handler = Callable[[JobHandle], Json]

HANDLERS: Mapping[JobKind, Handler] = MappingProxyType(
    {
        "collect": run_reading,
        "refresh": run_refresh,
        "train": run_training,
        "evaluate": run_evaluation,
        "register": run_registration,
        "replay": run_replay,
        "retrain": run_retraining,
        "price": run_pricing,
        "batch": run_batch,
    }
)
