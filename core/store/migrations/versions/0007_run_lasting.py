"""whether a run that failed would fail again if it went on"""

import sqlalchemy as sa
from alembic import op

revision = "0007_run_lasting"
down_revision = "0006_import_relabelled"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lasting", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("lasting")
