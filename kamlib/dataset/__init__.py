"""Sources to mapped, typed and checked tables; the only reader of a company's inputs."""

from kamlib.dataset.file import DatasetFile, load_dataset_file
from kamlib.dataset.opening import DataRules, Dataset, open_dataset

__all__ = ["DataRules", "Dataset", "DatasetFile", "load_dataset_file", "open_dataset"]
