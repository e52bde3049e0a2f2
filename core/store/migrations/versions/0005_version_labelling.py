"""up to which label a dataset version goes, so that who labelled and how far they agree can be told again"""

import sqlalchemy as sa
from alembic import op

revision = "0005_version_labelling"
down_revision = "0004_circles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("labelling", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("dataset_version", schema=None) as batch_op:
        batch_op.drop_column("labelling")
