"""How is a table made ready for learning? A recipe in words, as ONE scikit-learn Pipeline, and the split of rows."""

from core.prepare.columns import MISSING_LEVEL, coerce_column, coerce_frame, label_text
from core.prepare.drafts import drop_draft, find_draft, is_changed, keep_draft
from core.prepare.fixing import (
    Finding,
    apply_fix,
    fitting_recipe,
    follow_edit,
    is_fixed,
    open_problems,
    review_findings,
)
from core.prepare.layout import columns_at_end, columns_before, feature_columns, looked_back_columns
from core.prepare.look_back import earlier_values
from core.prepare.making import make_step
from core.prepare.pipeline import build_features, build_pipeline
from core.prepare.plain_columns import read_date_parts, read_values
from core.prepare.preview import Preview, preview_recipe
from core.prepare.propose import propose_recipe
from core.prepare.recipe import (
    DROPPED_BY_PERSON,
    change_options,
    change_split,
    current_recipe,
    drop_columns,
    move_step,
    put_step,
    remove_step,
    save_recipe,
    switch_step,
)
from core.prepare.script import recipe_script
from core.prepare.split import SplitRows, features_and_target, split_rows
from core.prepare.split_warnings import split_warnings
from core.prepare.step_preview import StepPreview, preview_step
from core.prepare.transformers import CoerceColumns, ExpandDates
from core.prepare.words import say_step

TRUSTED_TYPES = (
    "core.prepare.encoders.FrequencyEncoder",
    "core.prepare.encoders.NearestImputer",
    "core.prepare.rows.AnomalousRows",
    "core.prepare.rows.LearningPipeline",
    "core.prepare.table_steps.BinColumns",
    "core.prepare.table_steps.CapOutliers",
    "core.prepare.table_steps.CombineColumns",
    "core.prepare.table_steps.DropColumns",
    "core.prepare.table_steps.ElapsedDays",
    "core.prepare.transformers.CoerceColumns",
    "core.prepare.transformers.ExpandDates",
    "numpy.dtype",
    "sklearn.model_selection._split.KFold",
)
"""Types of the pipeline before the model that skops does not trust by itself."""

__all__ = [
    "DROPPED_BY_PERSON",
    "MISSING_LEVEL",
    "TRUSTED_TYPES",
    "CoerceColumns",
    "ExpandDates",
    "Finding",
    "Preview",
    "SplitRows",
    "StepPreview",
    "apply_fix",
    "build_features",
    "build_pipeline",
    "change_options",
    "change_split",
    "coerce_column",
    "coerce_frame",
    "columns_at_end",
    "columns_before",
    "current_recipe",
    "drop_columns",
    "drop_draft",
    "earlier_values",
    "feature_columns",
    "features_and_target",
    "find_draft",
    "fitting_recipe",
    "follow_edit",
    "is_changed",
    "is_fixed",
    "keep_draft",
    "label_text",
    "looked_back_columns",
    "make_step",
    "move_step",
    "open_problems",
    "preview_recipe",
    "preview_step",
    "propose_recipe",
    "put_step",
    "read_date_parts",
    "read_values",
    "recipe_script",
    "remove_step",
    "review_findings",
    "save_recipe",
    "say_step",
    "split_rows",
    "split_warnings",
    "switch_step",
]
