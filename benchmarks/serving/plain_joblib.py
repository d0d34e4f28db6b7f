"""What many write first: FastAPI, a joblib file, a DataFrame. Started by uvicorn; PLAIN_MODEL names the file."""

import os
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

MODEL = joblib.load(os.environ["PLAIN_MODEL"])
app = FastAPI()


class Question(BaseModel):
    """Rows to answer."""

    rows: list[dict[str, Any]]


@app.post("/predict")
def predict(question: Question) -> dict[str, Any]:
    """Answer rows."""
    frame = pd.DataFrame(question.rows)
    answer: dict[str, Any] = {"predictions": MODEL.predict(frame).tolist()}
    if hasattr(MODEL, "predict_proba"):
        answer["probabilities"] = MODEL.predict_proba(frame).tolist()
    return answer
