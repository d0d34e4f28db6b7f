"""Windows hold counts by key."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: nothing is counted by key in what is there."""
    nothing = "x''" if op.get_bind().dialect.name == "sqlite" else "''"
    op.add_column("window", sa.Column("keys", sa.LargeBinary(), nullable=False, server_default=sa.text(nothing)))


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("window", "keys")
