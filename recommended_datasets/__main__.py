"""``python -m recommended_datasets`` = ``recommended-datasets``."""

from recommended_datasets.cli import main

if __name__ == "__main__":
    main()
