"""A decision threshold at the end of an ONNX graph: skl2onnx knows none."""

from typing import Any

from onnx import ModelProto, helper
from sklearn.model_selection import FixedThresholdClassifier

LIKELIER, CHANCE, PLACE, LEAST, REACHED, YES, NO = (
    f"full_circle_{name}" for name in ("likelier", "chance", "place", "least", "reached", "yes", "no")
)


def decide_by_threshold(graph: ModelProto, model: Any) -> ModelProto:
    """Return the graph of a classifier with its label output decided by the threshold around the model.

    Parameters
    ----------
    graph : ModelProto
        Of the model inside, changed in place; its outputs are labels, shape (n,), and probabilities, shape (n, 2).
    model : estimator
        The last step of the pipeline; where it is no threshold, the graph stays as it is.
    """
    if not isinstance(model, FixedThresholdClassifier):
        return graph
    label, proba = graph.graph.output
    _rename(graph, label.name)
    number, text = proba.type.tensor_type.elem_type, label.type.tensor_type.elem_type
    classes = [str(name) for name in model.classes_]
    place = classes.index(model.pos_label)
    graph.graph.initializer.extend(
        [
            helper.make_tensor(PLACE, helper.TensorProto.INT64, [], [place]),
            helper.make_tensor(LEAST, number, [1], [model.threshold]),
            helper.make_tensor(YES, text, [1], [classes[place].encode()]),
            helper.make_tensor(NO, text, [1], [classes[1 - place].encode()]),
        ]
    )
    graph.graph.node.extend(
        [
            helper.make_node("Gather", [proba.name, PLACE], [CHANCE], axis=1),
            helper.make_node("GreaterOrEqual", [CHANCE, LEAST], [REACHED]),
            helper.make_node("Where", [REACHED, YES, NO], [label.name]),
        ]
    )
    return graph


def _rename(graph: ModelProto, name: str) -> None:
    """Give what was the label another name: it is the likelier class, which nobody asks for any more."""
    for node in graph.graph.node:
        for names in (node.input, node.output):
            for place, own in enumerate(names):
                if own == name:
                    names[place] = LIKELIER
