"""The only part that touches the database and decides where files live; it hands back records."""

from core.store.alert_desk import AlertStep
from core.store.job_handle import JobHandle, StoppedError
from core.store.log_times import first_and_last_window, label_times, newest_label_at, requests_between
from core.store.prediction_log import JournalPlace, LabelledAnswer, LabelledPrediction
from core.store.sampled_answers import SampledAnswer, answers_between, newest_labelled
from core.store.shadow_log import AnswerPair
from core.store.store import Store, open_store
from core.store.tables import record_from_json, record_to_json
from core.store.window_rows import TRAFFIC_COUNTS, add_windows

__all__ = [
    "TRAFFIC_COUNTS",
    "AlertStep",
    "AnswerPair",
    "JobHandle",
    "JournalPlace",
    "LabelledAnswer",
    "LabelledPrediction",
    "SampledAnswer",
    "StoppedError",
    "Store",
    "add_windows",
    "answers_between",
    "first_and_last_window",
    "label_times",
    "newest_label_at",
    "newest_labelled",
    "open_store",
    "record_from_json",
    "record_to_json",
    "requests_between",
]
