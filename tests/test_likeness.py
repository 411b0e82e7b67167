"""Likeness: near-duplicates meet, others do not; and it costs the same however many there are."""

import random
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text

from tests.conftest import Backstage, Reader
from tests.long_threads import statements
from tests.test_pages import explain
from widget.comments.submission import body_digest
from widget.db import db, writing
from widget.models import Comment, Likeness, LinkedHost, Move, Status
from widget.models.batch import Together
from widget.moderation import clusters
from widget.spam import clustering, likeness

SPAM = "Buy cheap watches now, ship in 24 hours to your door: https://spam.example/offer?ref=99 !!"
RNG = random.Random(6)
LETTERS = "aabcdeeefghiiklmnoooprsttuvw"
WORDS = ["".join(RNG.choices(LETTERS, k=RNG.randint(2, 9))) for _ in range(3000)]


def pair(alike: float) -> tuple[str, str]:
    """Two texts that have about as much in common."""
    one = RNG.choices(WORDS, k=RNG.randint(30, 120))
    other = one.copy()
    replaced = round(len(one) * (1 - 2 * alike / (1 + alike)))
    start = RNG.randint(0, len(one) - replaced)
    other[start : start + replaced] = RNG.choices(WORDS, k=replaced)
    return " ".join(one), " ".join(other)


def meet(low: float, high: float) -> float:
    """Of texts that have so much in common, the part that shares a band."""
    found: list[bool] = []
    while len(found) < 700:
        one, other = pair(RNG.uniform(low, high))
        if low <= likeness.likeness(one, other) <= high:
            found.append(bool(set(likeness.bands(one)) & set(likeness.bands(other))))
    return sum(found) / len(found)


def test_texts_that_are_alike_meet_and_others_do_not() -> None:
    assert meet(0.8, 0.99) > 0.99
    assert meet(likeness.ALIKE, 0.5) > 0.5
    assert meet(0.0, 0.1) < 0.02


@pytest.mark.parametrize(
    "varied",
    [
        SPAM,
        SPAM.upper(),
        "  Buy CHEAP watches — now, ship in 48 hours to your door: http://spam.example/x/y",
        "Buy ch\u200beap w\u00adatches now, sh\u00efp \u00edn 24 hours to your door https://spam.example/2",
        "Buy che\u0430p w\u0430tches n\u043ew, ship in 7 hours t\u043e your door: https://spam.example/",
        "Ｂｕｙ ｃｈｅａｐ ｗａｔｃｈｅｓ now, ship in 24 hours to your door: https://spam.example/",
    ],
)
def test_what_spammers_vary_does_not_count(varied: str) -> None:
    assert likeness.likeness(SPAM, varied) == 1.0
    assert likeness.bands(SPAM) == likeness.bands(varied)


def test_where_a_link_leads_counts() -> None:
    assert likeness.normalised(SPAM) != likeness.normalised(SPAM.replace("spam.ex", "fine.ex"))


def test_very_short_texts_are_alike_only_when_equal() -> None:
    assert likeness.likeness("Well said!", "well   said.") == 1.0
    assert likeness.bands("Well said!") == likeness.bands("WELL SAID")
    assert likeness.likeness("Well said!", "Well sad!") == 0.0
    assert not set(likeness.bands("Well said!")) & set(likeness.bands("Well sad!"))
    assert likeness.bands(" …!\u200b ") == []


def test_a_long_text_costs_no_more_than_a_bounded_part_of_it() -> None:
    assert len(likeness.normalised("word " * 100_000)) <= 20_000


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Spam.example:8443/a?b#c", "spam.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://spam.example./", "spam.example"),
        ("mailto:ann@example.org", ""),
        ("http://[", ""),
        ("https://192.0.2.7/x", "192.0.2.7"),
    ],
)
def test_a_link_is_known_by_its_host(url: str, host: str) -> None:
    assert likeness.host_of(url) == host


def test_near_duplicates_of_a_site_are_one_cluster_and_the_neighbours_are_not(
    ann: Reader, bob: Reader, nell: Reader, backstage: Backstage, app: Flask
) -> None:
    first = ann.say(SPAM)
    second = bob.say(SPAM.replace("24", "48") + " Hurry.")
    other = ann.say("I read the whole report, and the database was not mentioned in it at all.")
    short, shorter = ann.say("Well said!"), bob.say("Well said")
    neighbour = nell.say(SPAM)
    backstage.screen(first, second, other, short, shorter, neighbour)

    found = {each: backstage.comment(each).cluster_id for each in (first, second, other, short)}
    assert found == {first: first, second: first, other: other, short: short}
    assert backstage.comment(shorter).cluster_id == short
    assert backstage.comment(neighbour).cluster_id == neighbour
    with app.app_context():
        rows = db.session.scalars(select(Comment).order_by(Comment.id)).all()
        assert clusters.near(rows) == {first: 1, second: 1, short: 1, shorter: 1}
    backstage.move(second, Move.trash)
    with app.app_context():
        rows = db.session.scalars(select(Comment).order_by(Comment.id)).all()
        assert first not in clusters.near(rows), "only those in the same status are counted"


def test_clusters_become_one_when_something_is_like_both(ann: Reader, backstage: Backstage) -> None:
    first, other, between = (" ".join(WORDS[at : at + 40]) for at in (0, 20, 10))
    ids = [ann.say(first), ann.say(other)]
    backstage.screen(*ids)
    assert [backstage.comment(each).cluster_id for each in ids] == ids
    ids.append(ann.say(between))
    backstage.screen(ids[2])
    assert {backstage.comment(each).cluster_id for each in ids} == {ids[0]}


def test_an_edited_comment_leaves_its_cluster_and_joins_another(
    ann: Reader, bob: Reader, backstage: Backstage, app: Flask
) -> None:
    ids = [
        ann.say(SPAM),
        bob.say(SPAM + " Now."),
        bob.say("The clerk searched it at night, alone."),
    ]
    backstage.screen(*ids)
    with app.app_context(), writing():
        edited = db.session.get_one(Comment, ids[1])
        edited.body = "The clerk searched it at night, alone!"
        edited.body_html, edited.body_hash = f"<p>{edited.body}</p>", body_digest(edited.body)
        clustering.join(edited)
        db.session.commit()
    assert [backstage.comment(each).cluster_id for each in ids] == [ids[0], ids[2], ids[2]]
    with app.app_context():
        bands = select(func.count()).select_from(Likeness).where(Likeness.comment_id == ids[1])
        assert db.session.scalar(bands) == len(
            likeness.bands("The clerk searched it at night, alone!")
        )
        assert not db.session.scalars(select(LinkedHost).filter_by(comment_id=ids[1])).all()


def test_comments_are_found_by_the_hosts_they_link_to_and_by_the_domains_above(
    ann: Reader, bob: Reader, backstage: Backstage, app: Flask
) -> None:
    linked = ann.say("See https://www.shop.spam.example/offer and https://fine.example/")
    named = bob.say("I have a website.", website="https://spam.example/bob")
    backstage.screen(linked, named)
    with app.app_context():
        site_id = db.session.get_one(Comment, linked).site_id

        def of(pattern: str) -> list[int]:
            return clusters.ids(site_id, Together.link, pattern, statuses=set(Status))

        assert of("spam.example") == [linked, named]
        assert of("shop.spam.example") == [linked]
        assert of("fine.example") == [linked]
        assert of("example") == of("m.example") == []


@pytest.mark.parametrize(
    ("together", "count"),
    [(Together.key, 2), (Together.network, 3), (Together.email, 2), (Together.domain, 3)],
)
def test_an_authors_comments_are_found_by_what_they_share(
    ann: Reader, bob: Reader, nell: Reader, together: Together, count: int
) -> None:
    mine = ann.say("One.")
    ann.say("Two.", email="ANN@example.org")
    bob.say("Three.")
    nell.say("Four.", email="ann@example.org")
    with ann.client.application.app_context():
        comment = db.session.get_one(Comment, mine)
        pattern = {
            Together.key: comment.key_hash or "",
            Together.network: comment.network_hash or "",
            Together.email: clusters.example(comment.site_id, "ann@example.org"),
            Together.domain: "example.org",
        }[together]
        assert "@" not in pattern
        known = (comment.site_id, together, pattern)
        found = clusters.ids(*known, statuses=set(Status))
        assert len(found) == clusters.count(*known, statuses=set(Status)) == count
        assert clusters.ids(*known, statuses=set(Status), after=found[0]) == found[1:]
        assert clusters.count(*known, statuses=set(Status), at_most=1) == 2
        assert clusters.ids(*known, statuses=[Status.spam]) == []


@pytest.fixture
def many(app: Flask, ann: Reader) -> Callable[[int], None]:
    """Writes so many comments with their bands."""

    def write(number: int) -> None:
        with app.app_context(), writing():
            one = db.session.scalars(select(Comment)).first()
            assert one
            known = {"site_id": one.site_id, "comment_id": one.id}
            rows = [{**known, "band": RNG.getrandbits(63)} for _ in range(number)]
            db.session.execute(insert(Likeness), rows)
            db.session.execute(text("ANALYZE"))
            db.session.commit()

    return write


def test_joining_is_a_few_index_look_ups(
    app: Flask, ann: Reader, bob: Reader, backstage: Backstage, many: Callable[[int], None]
) -> None:
    backstage.screen(ann.say(SPAM))
    newcomer = bob.say(SPAM)
    asked = []
    for number in (10, 20_000):
        many(number)
        with app.app_context(), writing(), statements(app) as seen:
            comment = db.session.get_one(Comment, newcomer)
            clustering.join(comment)
            asked.append(len(seen))
            (looked,) = [each for each in seen if "likeness.band =" in each[0]]
            plan = explain(backstage.dialect, *looked)
            db.session.rollback()
    assert asked[0] == asked[1]
    assert "ix_likeness_band" in plan
    assert "Seq Scan" not in plan
    assert "SCAN likeness" not in plan
