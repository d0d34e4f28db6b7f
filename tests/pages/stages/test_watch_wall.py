"""The page for a big screen: the same sentence, nothing to click, and no frame around it."""


def test_without_a_live_model_it_says_that_one_will_appear(world, open_page, text_of):
    assert "no model is live yet" in text_of(open_page("watch_wall"))


def test_it_tells_the_one_sentence_and_the_figures_without_frame(world, open_page, text_of):
    world.get_traffic()
    page = open_page("watch_wall")
    told = text_of(page)
    assert "# :red[:material/error: It is right less often than it should be." in told
    assert "Truth known: 50%" in told
    assert not page.title
    assert len(page.get("plotly_chart")) == 1


def test_it_opens_from_monitor_and_leads_back(world, open_page):
    world.get_traffic()
    assert "Show it on a big screen" in [link.value for link in open_page("monitor_model").page_link]
    assert "Back to Monitor model" in [link.value for link in open_page("watch_wall").page_link]
