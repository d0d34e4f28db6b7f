"""What the service needs of other people's packages, pinned to the versions the model was proved with."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from core.errors import NotReadyError

SERVING = (
    "alembic",
    "anyio",
    "certifi",
    "charset-normalizer",
    "dask",
    "distributed",
    "duckdb",
    "fastapi",
    "httptools",
    "httpx",
    "joblib",
    "numpy",
    "olefile",
    "onnxruntime",
    "openpyxl",
    "paho-mqtt",
    "pandas",
    "prometheus-client",
    "psutil",
    "psycopg",
    "psycopg-binary",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "skops",
    "sqlalchemy",
    "starlette",
    "threadpoolctl",
    "uvicorn",
    "uvloop",
    "xlrd",
)
"""What the parts that serve import, or use when it is there. Those packages' own requirements are looked up."""
OPTIONAL = {"httptools": "", "uvloop": "; sys_platform != 'win32'"}
"""The service runs without these, only slower; with the marker that says where they can be installed."""


def pinned_requirements() -> tuple[str, ...]:
    """Return a line for `requirements.txt` for each package that serving needs, directly or not, sorted.

    Raises
    ------
    NotReadyError
        When one of them is not installed here, so that its version is not known.
    """
    lines: dict[str, str] = {}
    waiting = list(SERVING)
    while waiting:
        name = _normalise(waiting.pop())
        if name in lines:
            continue
        found = _find(name)
        if found is not None:
            lines[name] = f"{found.name}=={found.version}{OPTIONAL.get(name, '')}"
            waiting += [_name_of(line) for line in found.requires or () if "extra ==" not in line]
    return tuple(lines[name] for name in sorted(lines))


def _find(name: str) -> Distribution | None:
    """Return an installed package; None for one that this kind of machine does not need, and so does not have."""
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        if name in SERVING and name not in OPTIONAL:
            raise NotReadyError(
                f"The package {name} is not installed, so its version cannot be pinned.", "Install Full Circle again."
            ) from error
        return None


def _name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
