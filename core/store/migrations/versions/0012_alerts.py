"""Alerts with a history, their rules, channels and the outbox; a limit to the time an answer takes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns to alerts and objectives, and the tables of history, rules, channels and deliveries."""
    with op.batch_alter_table('alert') as batch:
        batch.add_column(sa.Column('severity', sa.Text(), nullable=False, server_default='warning'))
        batch.add_column(sa.Column('newest', sa.JSON(), nullable=True))
        batch.add_column(sa.Column('silenced_until', sa.DateTime(), nullable=True))
        batch.add_column(sa.Column('quiet_since', sa.DateTime(), nullable=True))
        batch.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
    with op.batch_alter_table('objective') as batch:
        batch.add_column(sa.Column('latency_limit_ms', sa.Float(), nullable=True))
    op.create_table('alert_change',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('alert_id', sa.Text(), nullable=False),
    sa.Column('before', sa.Text(), nullable=True),
    sa.Column('after', sa.Text(), nullable=False),
    sa.Column('changed_by', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_change'))
    )
    op.create_index(op.f('ix_alert_change_project_id'), 'alert_change', ['project_id'], unique=False)
    op.create_index(op.f('ix_alert_change_alert_id'), 'alert_change', ['alert_id'], unique=False)
    op.create_table('alert_rule',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('threshold', sa.Float(), nullable=True),
    sa.Column('patience_minutes', sa.Integer(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_rule'))
    )
    op.create_index(op.f('ix_alert_rule_project_id'), 'alert_rule', ['project_id'], unique=False)
    op.create_table('channel',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('severities', sa.JSON(), nullable=False),
    sa.Column('kinds', sa.JSON(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel'))
    )
    op.create_index(op.f('ix_channel_project_id'), 'channel', ['project_id'], unique=False)
    op.create_table('delivery',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('channel_id', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('n_attempts', sa.Integer(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('next_at', sa.DateTime(), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery'))
    )
    op.create_index(op.f('ix_delivery_project_id'), 'delivery', ['project_id'], unique=False)
    op.create_index(op.f('ix_delivery_status_next_at'), 'delivery', ['status', 'next_at'], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in ('delivery', 'channel', 'alert_rule', 'alert_change'):
        op.drop_table(table)
    with op.batch_alter_table('objective') as batch:
        batch.drop_column('latency_limit_ms')
    with op.batch_alter_table('alert') as batch:
        for name in ('severity', 'newest', 'silenced_until', 'quiet_since', 'revision'):
            batch.drop_column(name)
