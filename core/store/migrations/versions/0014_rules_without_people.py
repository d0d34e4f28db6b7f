"""Rules say whether people are there who answer what is held back."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; where rules are in force already, people are there."""
    op.add_column("serving_rules", sa.Column("people_answer", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("serving_rules", "people_answer")
