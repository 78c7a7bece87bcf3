"""The built site as a reader opens it: from the disk, without a network."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from built_site import built_site

WINDOW = {"viewport": {"width": 1280, "height": 1000}}
PAGES = {
    "index.html": 0,
    "notebooks/01_perceptron.html": 7,
    "notebooks/05_cnn.html": 3,
    "notebooks/07_transformer.html": 3,
    "exercises/01_perceptron/01_perceptron.html": 1,
    "reference/nn.html": 0,
}  # and how many formulas there are at least


@pytest.fixture(scope="module")
def site():
    return built_site()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(site):
    """The address of the site on loopback: the search reads pages, which a disk does not allow."""
    handler = functools.partial(Quiet, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Reader:
    """One browser window; remembers what was asked of other hosts and what went wrong."""

    def __init__(self, lab, **options):
        self.lab, self.outside, self.errors = lab, [], []
        self.allowed = ("file:", "data:", "blob:")
        self.context = lab.browser.new_context(**{**WINDOW, **options})
        self.context.route("**/*", self._only_allowed)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("requestfailed", self._note_failure)

    def _note_failure(self, request):
        if request.failure != "net::ERR_ABORTED":  # left by going to another page
            self.errors.append(f"{request.url}: {request.failure}")

    def _only_allowed(self, route):
        if route.request.url.startswith(self.allowed):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def open(self, path):
        self.page.goto(path.as_uri())
        self.page.wait_for_load_state("load")
        if self.page.locator("script[src*='tex-svg.js']").count():
            self.page.wait_for_function("window.MathJax?.startup?.promise !== undefined")
            self.page.evaluate("MathJax.startup.promise")


@pytest.fixture
def reader(lab, request):
    reader = Reader(lab, **getattr(request, "param", {}))
    yield reader
    reader.context.close()
    assert reader.outside == []
    assert reader.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_without_a_network(reader, site, name):
    reader.open(site / name)
    page = reader.page
    assert page.locator("mjx-container svg").count() >= PAGES[name]
    assert page.locator("mjx-merror, [data-mml-node='merror']").count() == 0
    empty = "images => images.filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
    assert page.locator("article img").evaluate_all(empty) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.screenshot(
        path=reader.lab.screenshots / f"site_{name.replace('/', '_')[:-5]}.png", full_page=True
    )


@pytest.mark.parametrize("reader", [{"viewport": {"width": 400, "height": 800}}], indirect=True)
def test_a_page_fits_a_narrow_window(reader, site):
    reader.open(site / "notebooks/05_cnn.html")
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("reader", [{"color_scheme": "dark"}], indirect=True)
def test_a_dark_page_has_light_words_below_its_stills(reader, site):
    reader.open(site / "notebooks/05_cnn.html")
    page = reader.page
    assert page.locator("html").get_attribute("data-theme") == "dark"
    colours = """e => [getComputedStyle(e).color, getComputedStyle(e.parentElement).backgroundColor]
        .map(c => c.match(/[\\d.]+/g).map(Number))"""
    words, ground = page.locator(".still-readout").first.evaluate(colours)
    assert min(words[:3]) > 150 and ground[3:] == [0]
    page.screenshot(path=reader.lab.screenshots / "site_dark.png", full_page=True)


def test_the_search_finds_a_notebook_and_a_layer(served, reader):  # the reader leaves first
    reader.allowed += (served,)
    for words, found in (("ruler", "01_perceptron.html"), ("Conv2d", "nn.html")):
        reader.page.goto(f"{served}/search.html?q={words}")
        reader.page.locator(f"#search-results a[href*='{found}']").first.wait_for()
    reader.page.screenshot(path=reader.lab.screenshots / "site_search.png")


def test_a_layer_leads_to_its_source(reader, site):
    reader.open(site / "reference/nn.html")
    entry = reader.page.locator("dt[id='engine.nn.Conv2d']")
    entry.get_by_role("link", name="[source]").click()
    assert "class Conv2d(_ConvNd):" in reader.page.locator("#Conv2d").inner_text()
