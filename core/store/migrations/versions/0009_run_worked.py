"""how long a run has worked, over all its attempts"""

import sqlalchemy as sa
from alembic import op

revision = "0009_run_worked"
down_revision = "0008_run_libraries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("worked_s", sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("worked_s")
        batch_op.drop_column("claimed_at")
