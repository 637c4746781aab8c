"""Which municipality's polygon holds a point: 国土数値情報 N03 (行政区域) as GeoJSON, where one is configured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from recommended_datasets import municipality

Ring = list[tuple[float, float]]
_CELL = 0.05  # degrees; the grid by which polygons are found


class BoundaryError(ValueError):
    """The boundary file is wrong; the text says what to do, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Polygons of municipalities in a grid. Call it with (latitude, longitude) in degrees."""

    polygons: tuple[tuple[str, tuple[Ring, ...]], ...]
    """(six-digit code, outer ring and holes), points as (longitude, latitude)."""
    grid: dict[tuple[int, int], tuple[int, ...]]

    def __call__(self, latitude: float, longitude: float) -> str | None:
        """The code of the municipality that holds the point; None at sea or beyond the file."""
        for number in self.grid.get((int(longitude // _CELL), int(latitude // _CELL)), ()):
            code, rings = self.polygons[number]
            # Even-odd over outer ring and holes together.
            if sum(_crossings(ring, longitude, latitude) for ring in rings) % 2:
                return code
        return None


def _crossings(ring: Ring, x: float, y: float) -> int:
    count = 0
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            count += 1
        x1, y1 = x2, y2
    return count


@lru_cache(maxsize=2)
def load(path: Path) -> Boundaries:
    """The boundaries in an N03 GeoJSON file (property ``N03_007``: five digits). `BoundaryError` if it is no such file."""
    try:
        features = json.loads(path.read_bytes())["features"]
        polygons = tuple(found for feature in features for found in _polygons(feature))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        text = f"{path.name} を N03 の GeoJSON として読めません（{error}）。国土数値情報の行政区域データを指定してください"
        raise BoundaryError(f"{text} / this is no N03 GeoJSON; give the 行政区域 file of 国土数値情報") from None
    grid: dict[tuple[int, int], list[int]] = {}
    for number, (_, rings) in enumerate(polygons):
        xs, ys = [x for x, _ in rings[0]], [y for _, y in rings[0]]
        for column in range(int(min(xs) // _CELL), int(max(xs) // _CELL) + 1):
            for row in range(int(min(ys) // _CELL), int(max(ys) // _CELL) + 1):
                grid.setdefault((column, row), []).append(number)
    return Boundaries(polygons, {cell: tuple(numbers) for cell, numbers in grid.items()})


def _polygons(feature: dict[str, Any]) -> list[tuple[str, tuple[Ring, ...]]]:
    code5 = str(feature["properties"].get("N03_007") or "")
    if len(code5) != 5 or not code5.isdigit():
        return []  # 所属未定地: land that belongs to no municipality
    code = code5 + municipality.check_digit(code5)
    geometry = feature["geometry"]
    shapes = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [(code, tuple([(float(point[0]), float(point[1])) for point in ring] for ring in shape)) for shape in shapes]
