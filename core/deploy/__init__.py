"""From evaluated candidate to approved, live model version."""

from core.deploy.answers import Answers, LoadedModel
from core.deploy.apart import prepare_to_run_apart
from core.deploy.bin_codes import are_outside, bin_codes
from core.deploy.counting import (
    THOUSAND,
    RowCounts,
    count_live_rows,
    count_predictions,
    count_request_rows,
    count_rows,
    count_scores,
    count_table,
)
from core.deploy.downloads import GraphDescription, GraphInput, ModelFile, describe_graph, model_size, read_model_file
from core.deploy.dry_run import load_dry_run
from core.deploy.error_model import calibrate, expected_distance, learn_errors
from core.deploy.folder import client_program, export_folder, name_folder, say_threshold, zip_folder
from core.deploy.handover import enter_handover
from core.deploy.history import release_history
from core.deploy.keys import (
    MOST_PER_MINUTE,
    NewKey,
    create_key,
    digest_secret,
    enter_key,
    internal_key,
    list_keys,
    needs_key,
    revoke_key,
)
from core.deploy.loading import load_error_model, load_model, load_prototype, load_reference
from core.deploy.people import (
    OpenRow,
    answer_row,
    answered_rows,
    expire_rows,
    hand_back_row,
    n_waiting,
    put_back_row,
    reopen_row,
    take_row,
)
from core.deploy.prototype import build_prototype, request_rows, unusual_in
from core.deploy.reference import SCORE, Scored, build_reference, choose_scores
from core.deploy.registration import list_models, register_model, run_registration, start_registration
from core.deploy.releases import approve_model, earlier_versions, live_model, promote_model, roll_back
from core.deploy.rollout import (
    AUTOMATIC,
    cancel_schedule,
    end_watch,
    promote_due,
    schedule_promotion,
    start_canary,
    start_shadow,
    stop_canary,
    stop_shadow,
)
from core.deploy.rules import current_rules, say_rules, say_unlike, set_rules, try_rules
from core.deploy.surprise import UNLIKE_SHARES, Surprise

__all__ = [
    "AUTOMATIC",
    "MOST_PER_MINUTE",
    "SCORE",
    "THOUSAND",
    "UNLIKE_SHARES",
    "Answers",
    "GraphDescription",
    "GraphInput",
    "LoadedModel",
    "ModelFile",
    "NewKey",
    "OpenRow",
    "RowCounts",
    "Scored",
    "Surprise",
    "answer_row",
    "answered_rows",
    "approve_model",
    "are_outside",
    "bin_codes",
    "build_prototype",
    "build_reference",
    "calibrate",
    "cancel_schedule",
    "choose_scores",
    "client_program",
    "count_live_rows",
    "count_predictions",
    "count_request_rows",
    "count_rows",
    "count_scores",
    "count_table",
    "create_key",
    "current_rules",
    "describe_graph",
    "digest_secret",
    "earlier_versions",
    "end_watch",
    "enter_handover",
    "enter_key",
    "expected_distance",
    "expire_rows",
    "export_folder",
    "hand_back_row",
    "internal_key",
    "learn_errors",
    "list_keys",
    "list_models",
    "live_model",
    "load_dry_run",
    "load_error_model",
    "load_model",
    "load_prototype",
    "load_reference",
    "model_size",
    "n_waiting",
    "name_folder",
    "needs_key",
    "prepare_to_run_apart",
    "promote_due",
    "promote_model",
    "put_back_row",
    "read_model_file",
    "register_model",
    "release_history",
    "reopen_row",
    "request_rows",
    "revoke_key",
    "roll_back",
    "run_registration",
    "say_rules",
    "say_threshold",
    "say_unlike",
    "schedule_promotion",
    "set_rules",
    "start_canary",
    "start_registration",
    "start_shadow",
    "stop_canary",
    "stop_shadow",
    "take_row",
    "try_rules",
    "unusual_in",
    "zip_folder",
]
