"""Packages that conda-forge and PyPI call by different names, or by the name of something else.

Only such names are here as the other side does not have, or has for another project.

Source: the list that grayskull, conda-forge's tool for recipes, keeps by hand, conda-forge's feedstocks, and
PyPI. https://github.com/conda/grayskull/blob/main/grayskull/strategy/config.yaml
"""

import re

# By the name on PyPI or of the module, the name on conda-forge.
_ON_CONDA_FORGE = {
    "annoy": "python-annoy",
    "bio": "biopython",
    "boruta": "boruta_py",
    "bs4": "beautifulsoup4",
    "build": "python-build",
    "confluent-kafka": "python-confluent-kafka",
    "cv2": "opencv",
    "dateutil": "python-dateutil",
    "docker": "docker-py",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "en-core-web-lg": "spacy-model-en_core_web_lg",
    "en-core-web-md": "spacy-model-en_core_web_md",
    "en-core-web-sm": "spacy-model-en_core_web_sm",
    "fastjsonschema": "python-fastjsonschema",
    "fitz": "pymupdf",
    "flair": "python-flair",
    "h2o": "h2o-py",
    "imblearn": "imbalanced-learn",
    "jupyter-client": "jupyter_client",
    "jupyter-contrib-nbextensions": "jupyter_contrib_nbextensions",
    "jupyter-core": "jupyter_core",
    "jupyter-server": "jupyter_server",
    "jupyterlab-server": "jupyterlab_server",
    "jwt": "pyjwt",
    "kaleido": "python-kaleido",
    "line-profiler": "line_profiler",
    "memory-profiler": "memory_profiler",
    "msgpack": "msgpack-python",
    "mss": "python-mss",
    "neo4j": "neo4j-python-driver",
    "opencv-contrib-python": "opencv",
    "opencv-python": "opencv",
    "opencv-python-headless": "opencv",
    "ortools": "ortools-python",
    "pil": "pillow",
    "pptx": "python-pptx",
    "prometheus-client": "prometheus_client",
    "psycopg2-binary": "psycopg2",
    "pyqt5": "pyqt",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "sounddevice": "python-sounddevice",
    "soundfile": "pysoundfile",
    "tables": "pytables",
    "torch": "pytorch",
    "torch-geometric": "pytorch_geometric",
    "trino": "trino-python-client",
    "zmq": "pyzmq",
}
# By the name on conda-forge or of the module, the name on PyPI; all in the form of :func:`normalized`.
_ON_PYPI = {
    "beautifulsoup": "beautifulsoup4",
    "bio": "biopython",
    "boruta-py": "boruta",
    "community": "python-louvain",
    "cv2": "opencv-python",
    "dask-core": "dask",
    "dateutil": "python-dateutil",
    "docker-py": "docker",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "pymupdf",
    "h2o-py": "h2o",
    "imblearn": "imbalanced-learn",
    "jupyterhub-base": "jupyterhub",
    "jupyterhub-singleuser": "jupyterhub",
    "jwt": "pyjwt",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "neo4j-python-driver": "neo4j",
    "opencv": "opencv-python",
    "ortools-python": "ortools",
    "pil": "pillow",
    "pptx": "python-pptx",
    "py-opencv": "opencv-python",
    "pyqt": "pyqt5",
    "pysoundfile": "soundfile",
    "pytables": "tables",
    "python-annoy": "annoy",
    "python-build": "build",
    "python-confluent-kafka": "confluent-kafka",
    "python-fastjsonschema": "fastjsonschema",
    "python-flair": "flair",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "python-mss": "mss",
    "python-sounddevice": "sounddevice",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-geometric": "torch-geometric",
    "pytorch-gpu": "torch",
    "seaborn-base": "seaborn",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "trino-python-client": "trino",
    "umap": "umap-learn",
    "zmq": "pyzmq",
}
# What conda-forge calls so is a program or a library in C, for which PyPI has a package of the same name.
_PROGRAMS = frozenset(
    {
        *("blosc", "brotli", "cmake", "docker", "eccodes", "ffmpeg", "flatbuffers", "git", "graphviz"),
        *("igraph", "imagemagick", "julia", "libsass", "ninja", "nodejs", "pandoc", "proj", "redis"),
        *("snappy", "symengine", "tesseract", "tzdata", "xxhash", "yaml", "zstd"),
    }
)
_SEPARATORS = re.compile(r"[-_.]+")


def normalized(name: str) -> str:
    """Return a name as PyPI compares it: https://packaging.python.org/specifications/name-normalization/."""
    return _SEPARATORS.sub("-", name).lower()


def name_on_conda_forge(name: str) -> str:
    """Return what conda-forge calls a package; empty where the name is right, as far as is known."""
    right = _ON_CONDA_FORGE.get(normalized(name), "")
    return right if right != name.lower() else ""


def name_on_pypi(name: str) -> str:
    """Return what PyPI calls a package; empty where the name is right, as far as is known."""
    return _ON_PYPI.get(normalized(name), "")


def project(name: str, manager: str) -> str:
    """Return what is the same for the names of one project, whichever manager installs it.

    Args:
        name: the package's name.
        manager: ``conda`` or ``pip``.
    """
    plain = normalized(name)
    if manager == "conda" and (plain in _PROGRAMS or plain.startswith("r-")):
        return f"{plain} of conda"
    return _ON_PYPI.get(plain, "opencv-python" if plain.startswith("opencv-") else plain)
