"""what is known of a predicted picture besides the answer"""

import sqlalchemy as sa
from alembic import op

revision = "0003_prediction_traits"
down_revision = "0002_prediction_sha256"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prediction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("traits", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("prediction", schema=None) as batch_op:
        batch_op.drop_column("traits")
