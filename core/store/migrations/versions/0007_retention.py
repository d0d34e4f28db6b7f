"""How long logged predictions are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of retentions."""
    op.create_table('retention',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=True),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention'))
    )
    op.create_index(op.f('ix_retention_project_id'), 'retention', ['project_id'], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f('ix_retention_project_id'), table_name='retention')
    op.drop_table('retention')
