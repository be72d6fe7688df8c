"""Sentences that belong to no single room."""

TEXT = {
    "unknown_language": (
        "There is no language {lang!r} here: use 'en' or 'ja'.",
        "言語 {lang!r} はありません。'en' または 'ja' を指定してください。",
    ),
}
