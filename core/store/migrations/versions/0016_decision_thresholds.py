"""From which chance on a model of two classes gives one of them, and what it was chosen by."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what cross-validation counted, and the threshold: what is there gave the likelier class."""
    op.add_column("candidate", sa.Column("out_of_fold", sa.JSON(), nullable=True))
    op.add_column("evaluation", sa.Column("threshold", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Remove both."""
    op.drop_column("evaluation", "threshold")
    op.drop_column("candidate", "out_of_fold")
