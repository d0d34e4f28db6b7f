"""Answers to requests with an idempotency key."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of answers."""
    op.create_table('kept_answer',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('body_digest', sa.Text(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_answer'))
    )
    op.create_index(op.f('ix_kept_answer_project_id'), 'kept_answer', ['project_id'], unique=False)
    op.create_index(op.f('ix_kept_answer_created_at'), 'kept_answer', ['created_at'], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f('ix_kept_answer_created_at'), table_name='kept_answer')
    op.drop_index(op.f('ix_kept_answer_project_id'), table_name='kept_answer')
    op.drop_table('kept_answer')
