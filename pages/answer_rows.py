"""Answer by hand: the rows that the model did not decide alone, answered by a person who knows the matter."""

from core import deploy
from pages import ui
from pages.ui import answering

store = ui.store()
project = ui.project()
live = deploy.live_model(store, project.id)
n_waiting = deploy.n_waiting(store, project.id)
row = answering.row_in_hand()

if row is not None:
    answering.show_row(row, n_waiting)
elif n_waiting:
    answering.show_queue(n_waiting)
elif live is None:
    ui.stop_missing(
        "No model is live yet.", "Rows can wait here once a model answers and hands some over.", stage="deploy"
    )
else:
    answering.say_nothing_waits(deploy.current_rules(store, project.id))

answering.show_answered(deploy.answered_rows(store, project.id))
