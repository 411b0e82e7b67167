"""Pages that were made for another comment system: one changed address, and ours is there."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DISQUS = """
<h1>The story</h1>
<div id="disqus_thread"></div>
<script>
    var disqus_config = function () {
        this.page.url = "{origin}/2019/03/14/the-database";
        this.page.identifier = "story-7";
        this.page.title = "The database";
        this.callbacks.onNewComment = [function () {}];
    };
    (function() {
        var d = document, s = d.createElement('script');
        s.src = '{service}/embed.js?site=news';
        s.setAttribute('data-timestamp', +new Date());
        (d.head || d.body).appendChild(s);
    })();
</script>
<noscript>Please enable JavaScript to view the comments.</noscript>
<footer><span class="disqus-comment-count" data-disqus-identifier="story-7">?</span></footer>
"""
DISQUS_OF_OLD = """
<div id="disqus_thread"></div>
<script type="text/javascript">
    var disqus_shortname = 'example';
    var disqus_identifier = 'story-7';
    var disqus_url = '{origin}/2019/03/14/the-database';
    (function() {
        var dsq = document.createElement('script'); dsq.type = 'text/javascript'; dsq.async = true;
        dsq.src = '{service}/embed.js?site=news';
        (document.getElementsByTagName('head')[0]).appendChild(dsq);
    })();
</script>
<footer><a class="disqus-comment-count" data-disqus-url="story-7">?</a></footer>
"""
DISQUS_BY_ATTRIBUTE = """
<div id="disqus_thread" data-disqus-identifier="story-7"></div>
<script async src="{service}/embed.js?site=news"></script>
<footer><span data-comment-count="story-7">?</span></footer>
"""
ISSO = """
<script data-isso="//comments.example.com/" src="{service}/embed.js?site=news"></script>
<section id="isso-thread" data-title="The database" data-isso-id="story-7">
    <noscript>Javascript needs to be activated to view comments.</noscript>
</section>
<footer><span data-comment-count="story-7">?</span></footer>
"""
CUSDIS = """
<div id="cusdis_thread" data-host="https://cusdis.example.com"
  data-app-id="4d4f6bd1-3c32-4d2e-a4a4-a4b6fd26f0a6" data-page-id="story-7"
  data-page-url="{origin}/2019/03/14/the-database" data-page-title="The database"></div>
<script async defer src="{service}/embed.js?site=news"></script>
<footer><span data-cusdis-count-page-id="story-7">?</span></footer>
"""
REMARK42 = """
<script>
    var remark_config = {{
        host: 'https://remark42.example.com', site_id: 'news', components: ['embed', 'counter'],
        url: '{origin}/the-database', page_title: 'The database', theme: 'light',
    }};
</script>
<script defer src="{service}/embed.js"></script>
<div id="remark42"></div>
<footer><span class="remark42__counter" data-url="{origin}/the-database">?</span></footer>
"""


@pytest.mark.parametrize(
    ("body", "place", "page_is"),
    [
        pytest.param(DISQUS, "#disqus_thread", "story-7", id="disqus"),
        pytest.param(DISQUS_OF_OLD, "#disqus_thread", "story-7", id="disqus-of-old"),
        pytest.param(DISQUS_BY_ATTRIBUTE, "#disqus_thread", "story-7", id="disqus-by-attribute"),
        pytest.param(ISSO, "#isso-thread", "story-7", id="isso"),
        pytest.param(CUSDIS, "#cusdis_thread", "story-7", id="cusdis"),
        pytest.param(REMARK42, "#remark42", "{origin}/the-database", id="remark42"),
    ],
)
def test_one_changed_address_is_enough(
    body: str, place: str, page_is: str, scene: Scene, visit: Visit
) -> None:
    where = {"origin": scene.origin, "service": scene.service}
    html = body.replace("{origin}", scene.origin).replace("{service}", scene.service)
    identity = page_is.format(**where)
    scene.say(identity, "The minutes are public.")
    page = visit(scene.host_page(body=html.replace("{{", "{").replace("}}", "}")))
    expect(page.locator(f"{place} > .comments")).to_have_attribute("data-page", identity)
    expect(page.get_by_text("The minutes are public.")).to_be_visible()
    expect(page.locator("footer > *")).to_have_text("1")
    expect(page.locator(".comments")).to_have_count(1)


@on_phone_and_desktop
def test_what_an_old_embed_said_goes_with_what_is_written(scene: Scene, visit: Visit) -> None:
    html = DISQUS.replace("{origin}", scene.origin).replace("{service}", scene.service)
    page = visit(scene.host_page(body=html))
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    page.get_by_label("Comment *").fill("I read the whole report.")
    with page.expect_request("**/comments") as sent:
        page.get_by_role("button", name="Post Comment").click()
    expect(page.locator(".comment-mine")).to_be_visible()
    posted = sent.value.post_data or ""
    assert "story-7" in posted
    assert f"{scene.origin}/2019/03/14/the-database" in posted
    assert "The database" in posted
