"""Sources: how often they are read by themselves, when that was tried last, and why it failed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the schedule of a source, and how the last try went."""
    with op.batch_alter_table('source') as batch:
        batch.add_column(sa.Column('every_minutes', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('last_tried_at', sa.DateTime(), nullable=True))
        batch.add_column(sa.Column('problem', sa.Text(), nullable=False, server_default=''))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table('source') as batch:
        for name in ('every_minutes', 'last_tried_at', 'problem'):
            batch.drop_column(name)
