"""What data checks found and a person says is right so."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of accepted findings."""
    op.create_table('accepted_finding',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('target', sa.Text(), nullable=True),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accepted_finding'))
    )
    op.create_index(op.f('ix_accepted_finding_project_id'), 'accepted_finding', ['project_id'], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f('ix_accepted_finding_project_id'), table_name='accepted_finding')
    op.drop_table('accepted_finding')
