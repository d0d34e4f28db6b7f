"""What was edited to make a dataset version; what the steps of a recipe are worth."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the edit of a dataset version and the table of price lists."""
    op.add_column('dataset_version', sa.Column('edit', sa.JSON(), nullable=True))
    op.create_table('price_list',
    sa.Column('project_id', sa.Text(), nullable=False),
    sa.Column('dataset_id', sa.Text(), nullable=False),
    sa.Column('recipe_id', sa.Text(), nullable=False),
    sa.Column('family', sa.Text(), nullable=False),
    sa.Column('metric', sa.Text(), nullable=False),
    sa.Column('n_rows', sa.Integer(), nullable=False),
    sa.Column('fold_scores', sa.JSON(), nullable=False),
    sa.Column('prices', sa.JSON(), nullable=False),
    sa.Column('n_rows_train', sa.Integer(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('job_id', sa.Text(), nullable=True),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_price_list'))
    )
    op.create_index(op.f('ix_price_list_project_id'), 'price_list', ['project_id'], unique=False)


def downgrade() -> None:
    """Drop both."""
    op.drop_index(op.f('ix_price_list_project_id'), table_name='price_list')
    op.drop_table('price_list')
    with op.batch_alter_table('dataset_version') as batch:
        batch.drop_column('edit')
