"""whether an import's label took the place of one that was there, or stood back for it"""

import sqlalchemy as sa
from alembic import op

revision = "0006_import_relabelled"
down_revision = "0005_version_labelling"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("import_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("relabelled", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("import_item", schema=None) as batch_op:
        batch_op.drop_column("relabelled")
