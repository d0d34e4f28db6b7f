"""The limit: nothing but ONNX Runtime behind FastAPI. No checks, no log, no counts, no ids.

Started by uvicorn; the environment variable BARE_MODEL names a folder with the graph and a list of its columns.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

FOLDER = Path(os.environ["BARE_MODEL"])
COLUMNS = json.loads((FOLDER / "columns.json").read_text())
OPTIONS = onnxruntime.SessionOptions()
OPTIONS.intra_op_num_threads = OPTIONS.inter_op_num_threads = 1
SESSION = onnxruntime.InferenceSession(str(FOLDER / "model.onnx"), OPTIONS, providers=["CPUExecutionProvider"])
KINDS = {one.name: object if one.type == "tensor(string)" else np.float64 for one in SESSION.get_inputs()}
app = FastAPI()


@app.post("/predict")
async def predict(request: Request) -> JSONResponse:
    """Answer rows."""
    rows = json.loads(await request.body())["rows"]
    feed = {name: np.array([[row[c] for c in COLUMNS[name]] for row in rows], dtype=KINDS[name]) for name in COLUMNS}
    return JSONResponse({"predictions": [output.tolist() for output in SESSION.run(None, feed)]})
