"""What `pyproject.toml` cannot say: `ckanext` is a namespace that CKAN's extensions share.

Everything else (metadata, dependencies, entry points) is in `pyproject.toml`.
"""
from setuptools import find_packages, setup

setup(
    packages=find_packages(include=["recommended_datasets", "recommended_datasets.*", "ckanext", "ckanext.*"]),
    namespace_packages=["ckanext"],
    include_package_data=True,
)
