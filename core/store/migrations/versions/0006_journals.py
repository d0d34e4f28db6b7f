"""Up to where the journals of the prediction service are in the log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of journals."""
    op.create_table('journal',
    sa.Column('segment', sa.Text(), nullable=False),
    sa.Column('n_bytes', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('segment', name=op.f('pk_journal'))
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table('journal')
