from .file import DatasetFile, load_dataset_file
from .opening import Dataset, open_dataset
from .rules import DataRules

__all__ = ["DataRules", "Dataset", "DatasetFile", "load_dataset_file", "open_dataset"]
