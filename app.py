"""The frame around every page: navigation, sidebar, title, the circle, errors in plain words, and the way on."""

import streamlit as st

from pages import ui


def main() -> None:
    """Draw the frame and run the page that the address names."""
    page = ui.choose_page()
    st.set_page_config(
        page_title=f"{page.title} · Full Circle",
        page_icon=":material/sync:",
        layout="wide",
        initial_sidebar_state="collapsed" if ui.current_info(page).on_wall else "auto",
    )
    with ui.error_frame():
        ui.draw_sidebar()
        ui.draw_header(page)
    with ui.error_frame():
        page.run()
    with ui.error_frame():
        ui.draw_way_on(page)
    ui.keep_imports()


# Processes that Dask spawns import the main module: without this line each would draw the dashboard.
if __name__ == "__main__":
    main()
