"""The owner's rules, rows that a person answers, and labels that others replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and what labels, predictions and windows say of them."""
    op.create_table('serving_rules',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('unknown_category', sa.Text(), nullable=False),
    sa.Column('out_of_range', sa.Text(), nullable=False),
    sa.Column('least_confidence', sa.Float(), nullable=True),
    sa.Column('unlike_share', sa.Float(), nullable=True),
    sa.Column('needed_columns', sa.JSON(), nullable=False),
    sa.Column('expire_after_hours', sa.Integer(), nullable=True),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serving_rules'))
    )
    op.create_index(op.f('ix_serving_rules_project_id'), 'serving_rules', ['project_id'], unique=False)
    op.create_table('referral',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('model_version_id', sa.Text(), nullable=False),
    sa.Column('rules_id', sa.Text(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('referred_at', sa.DateTime(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('ticket', sa.Text(), nullable=True),
    sa.Column('taken_by', sa.Text(), nullable=True),
    sa.Column('taken_at', sa.DateTime(), nullable=True),
    sa.Column('answer', sa.JSON(), nullable=True),
    sa.Column('closed_by', sa.Text(), nullable=True),
    sa.Column('closed_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral'))
    )
    op.create_index(op.f('ix_referral_project_id_state'), 'referral', ['project_id', 'state'], unique=False)
    op.create_table('earlier_label',
    sa.Column('prediction_id', sa.Text(), nullable=False),
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('given_by', sa.Text(), nullable=True),
    sa.Column('received_at', sa.DateTime(), nullable=False),
    sa.Column('replaced_at', sa.DateTime(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_earlier_label'))
    )
    op.create_index(op.f('ix_earlier_label_project_id'), 'earlier_label', ['project_id'], unique=False)
    op.create_index(op.f('ix_earlier_label_prediction_id'), 'earlier_label', ['prediction_id'], unique=False)
    # Without a batch: nothing but a default is written, however many rows there are.
    op.add_column('label', sa.Column('source', sa.Text(), nullable=False, server_default='caller'))
    op.add_column('label', sa.Column('given_by', sa.Text(), nullable=True))
    op.add_column('prediction', sa.Column('abstained', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('window', sa.Column('n_abstained', sa.Integer(), nullable=False, server_default='0'))


def downgrade() -> None:
    """Drop them."""
    op.drop_column('window', 'n_abstained')
    op.drop_column('prediction', 'abstained')
    op.drop_column('label', 'given_by')
    op.drop_column('label', 'source')
    for table in ('earlier_label', 'referral', 'serving_rules'):
        op.drop_table(table)
