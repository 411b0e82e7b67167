"""hidden threads"""

import sqlalchemy as sa
from alembic import op

import widget.db

revision = "5c1f3f0a7d42"
down_revision = "113ade1be58c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("hidden_at", widget.db.UTCDateTime(timezone=True), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.drop_column("hidden_at")
