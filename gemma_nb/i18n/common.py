"""Sentences that belong to no single room."""

TEXT = {
    "unknown_language": (
        "There is no language {asked!r} here: use 'en' or 'ja'.",
        "言語 {asked!r} はありません。'en' または 'ja' を指定してください。",
    ),
}
