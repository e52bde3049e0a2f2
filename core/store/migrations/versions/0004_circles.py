"""what experts circled in pictures"""

import sqlalchemy as sa
from alembic import op

revision = "0004_circles"
down_revision = "0003_prediction_traits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "circle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("annotator_id", sa.Integer(), nullable=False),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.Column("rx", sa.Float(), nullable=False),
        sa.Column("ry", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["annotator.id"], name=op.f("fk_circle_annotator_id")),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_circle_image_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle")),
    )
    with op.batch_alter_table("circle", schema=None) as batch_op:
        batch_op.create_index("ix_circle_image_id", ["image_id"], unique=False)


def downgrade() -> None:
    op.drop_table("circle")
