import itertools, time
from datetime import timedelta
import pytest
from sqlalchemy import text, select
from tests.test_pages import *
from tests import test_pages as tp
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("n", [(300,2),(1000,2),(4000,2),(10000,9),(100,99)])
def test_plan(app, backstage, write, n):
    write(LONG, roots=n[0], replies=n[1]); write(SHORT, roots=n[0]//2, replies=n[1])
    with app.app_context(), writing():
        db.session.execute(text("ANALYZE")); db.session.commit()
    with app.app_context():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        thread = db.session.scalars(select(Thread).where(Thread.page == LONG)).one()
        with statements(app) as asked:
            page = pages.read(site, thread, order=Order.oldest, after=None)
        for q in asked:
            p=explain("postgresql", *q); print(n, [l.strip() for l in p.splitlines() if "Scan" in l or "Sort" in l or "Time" in l])
