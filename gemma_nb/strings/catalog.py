"""Sentences of the catalog."""

TEXT = {
    "unknown_variant": (
        "There is no Gemma variant called {name!r}. {near}",
        "{name!r} という Gemma のバリアントはありません。{near}",
    ),
    "nearest_variants": (
        "The nearest names: {names}. gemma_nb.variants() lists them all.",
        "近い名前: {names}。gemma_nb.variants() ですべて一覧できます。",
    ),
    "no_near_variant": (
        "gemma_nb.variants() lists them all.",
        "gemma_nb.variants() ですべて一覧できます。",
    ),
    "variant_not_a_name": (
        "A variant is a name (a str), a path or a Variant, not {kind}. "
        "gemma_nb.variants() lists the names.",
        "バリアントには名前(str)、パス、または Variant を渡してください({kind} は使えません)。"
        "名前は gemma_nb.variants() で一覧できます。",
    ),
}
