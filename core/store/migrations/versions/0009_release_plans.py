"""Release plans: canary, shadow, schedule and watch beside what is live; the reason of a release; a shadow's answers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the plan to what is live and to its history, reasons, and the table of answers that nobody got."""
    with op.batch_alter_table('deployment') as batch:
        batch.add_column(sa.Column('plan', sa.JSON(), nullable=False, server_default='{}'))
    with op.batch_alter_table('release') as batch:
        batch.add_column(sa.Column('reason', sa.Text(), nullable=False, server_default=''))
        batch.add_column(sa.Column('plan', sa.JSON(), nullable=False, server_default='{}'))
    op.create_table('shadow_answer',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('model_version_id', sa.Text(), nullable=False),
    sa.Column('prediction', sa.JSON(), nullable=True),
    sa.Column('probabilities', sa.JSON(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=False),
    sa.Column('answered_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shadow_answer'))
    )
    op.create_index(
        op.f('ix_shadow_answer_project_id_model_version_id'),
        'shadow_answer',
        ['project_id', 'model_version_id'],
        unique=False,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f('ix_shadow_answer_project_id_model_version_id'), table_name='shadow_answer')
    op.drop_table('shadow_answer')
    with op.batch_alter_table('release') as batch:
        batch.drop_column('plan')
        batch.drop_column('reason')
    with op.batch_alter_table('deployment') as batch:
        batch.drop_column('plan')
