"""with which libraries a run was made, from its start"""

import sqlalchemy as sa
from alembic import op

revision = "0008_run_libraries"
down_revision = "0007_run_lasting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("libraries", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("libraries")
