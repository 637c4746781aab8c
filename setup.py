"""What `pyproject.toml` cannot say: `ckanext` is a namespace that CKAN's extensions share, and one module is compiled.

Everything else (metadata, dependencies, entry points) is in `pyproject.toml`.
"""
from glob import glob

from setuptools import Extension, find_packages, setup

setup(
    packages=find_packages(include=["recommended_datasets", "recommended_datasets.*", "ckanext", "ckanext.*"]),
    namespace_packages=["ckanext"],
    include_package_data=True,
    # Without a C compiler everything but the checking of large CSV files works (`checking.EXACT`).
    ext_modules=[
        Extension(
            "recommended_datasets._cells",
            sorted(glob("recommended_datasets/native/*.c")),
            depends=["recommended_datasets/native/cells.h"],
            extra_compile_args=["-O3"],
            optional=True,
        )
    ],
)
