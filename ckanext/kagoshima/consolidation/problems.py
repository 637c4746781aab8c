"""Errors of ``/data/v1``: a status, a code and a sentence in Japanese and English, always as JSON."""

from __future__ import annotations

import json

from flask import Response

MESSAGES: dict[str, tuple[int, str]] = {
    "no-such-table": (404, "{dataset} という統合データはありません。 / There is no merged table {dataset}."),
    "no-such-row": (404, "{row_id} という行はありません。 / There is no row {row_id}."),
    "no-such-file": (404, "そのファイルはありません。 / There is no such file."),
    "unknown-parameter": (
        400,
        "{name} というパラメータはありません。使えるもの: {known} / Unknown parameter {name}; known: {known}",
    ),
    "repeated-parameter": (400, "{name} は一度だけ指定してください。 / Give {name} once only."),
    "unknown-field": (400, "{name} という項目はありません。 / There is no field {name}."),
    "bad-limit": (400, "limit は 1 から {most} までの整数です: {value} / limit is a whole number from 1 to {most}: {value}"),
    "bad-bbox": (
        400,
        "bbox は 西,南,東,北（十進の度）です: {value} / bbox is west,south,east,north in decimal degrees: {value}",
    ),
    "bad-near": (400, "near は 緯度,経度（十進の度）です: {value} / near is latitude,longitude in decimal degrees: {value}"),
    "bad-radius": (
        400,
        "radius は 0 より大きく {most} 以下のメートルです: {value} / radius is metres, above 0 up to {most}: {value}",
    ),
    "bad-value": (400, "{name} の値を読めません: {value} / The value of {name} cannot be read: {value}"),
    "bad-cursor": (
        400,
        "cursor が正しくありません。前の応答の next_cursor を、同じ条件のまま渡してください。 / "
        "The cursor is not valid. Pass next_cursor of the last answer with the same conditions.",
    ),
    "no-places": (400, "このデータには位置がありません。 / This table has no places."),
    "not-together": (400, "{one} と {other} は一緒に使えません。 / {one} and {other} cannot be used together."),
    "radius-alone": (400, "radius は near と一緒に使います。 / radius goes with near."),
    "nothing-to-search": (400, "q に文字か数字を入れてください。 / q needs a letter or a digit."),
    "not-acceptable": (406, "format は {known} のどれかです: {value} / format is one of {known}: {value}"),
    "gone": (
        410,
        "その時点からの差分は保存期間を過ぎました。{start} から取り直してください。 / "
        "Changes since then are past their retention. Start anew from {start}.",
    ),
    "too-large": (
        413,
        "この表は大きすぎて（{most}行を超える）過去の状態を作れません。変更（changes）を使ってください。 / "
        "The table is too large (above {most} rows) for a past state; use changes.",
    ),
    "too-long": (413, "問い合わせが長すぎます。 / The request is too long."),
    "too-many": (
        429,
        "要求が多すぎます。{seconds} 秒後にもう一度どうぞ。 / Too many requests. Try again in {seconds} seconds.",
    ),
}


class Problem(Exception):
    """Something about a request that its sender can mend."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.status, text = MESSAGES[code]
        self.message = text.format(**{key: str(value)[:200] for key, value in values.items()})
        self.values = values

    def response(self) -> Response:
        body = json.dumps({"error": {"code": self.code, "message": self.message}}, ensure_ascii=False)
        response = Response(body, self.status, mimetype="application/json")
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-store"
        if self.code == "too-many":
            response.headers["Retry-After"] = str(self.values["seconds"])
        return response
