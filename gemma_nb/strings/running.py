"""Sentences of loading and generation."""

TEXT = {
    "backend_fixed": (
        "Keras was imported before gemma_nb and runs on {backend}; gemma_nb needs it on JAX. "
        "Restart the kernel and import gemma_nb first (or set KERAS_BACKEND=jax).",
        "gemma_nb より先に Keras が読み込まれ、バックエンドが {backend} になっています。gemma_nb には "
        "JAX が必要です。カーネルを再起動し、gemma_nb を先に import するか、KERAS_BACKEND=jax を"
        "設定してください。",
    ),
    "undecodable_class": (
        "gemma_nb cannot generate with {name} yet: it knows {known}.",
        "gemma_nb はまだ {name} で生成できません。使えるのは {known} です。",
    ),
    "not_loadable": (
        "KerasHub cannot load {name}; see gemma_nb.frameworks_for({name!r}) for what can.",
        "{name} は KerasHub では読み込めません。使えるフレームワークは "
        "gemma_nb.frameworks_for({name!r}) で確認できます。",
    ),
    "does_not_fit": (
        "{name} was not loaded. {reason} Pass force=True to try all the same.",
        "{name} は読み込みませんでした。{reason} それでも試すには force=True を指定してください。",
    ),
    "load_failed": (
        "{name} could not be loaded: {why} Nothing of it stays in memory.",
        "{name} を読み込めませんでした: {why} メモリには何も残っていません。",
    ),
    "bad_max_length": (
        "max_length is {value!r}: give a whole number of tokens, 2 or more.",
        "max_length が {value!r} です。2 以上の整数（トークン数）を指定してください。",
    ),
    "bad_temperature": (
        "temperature is {value!r}: give 0 (greedy) or a positive number.",
        "temperature が {value!r} です。0（貪欲法）または正の数を指定してください。",
    ),
    "bad_top_k": (
        "top_k is {value!r}: give a whole number, 0 to keep every token.",
        "top_k が {value!r} です。0（すべて残す）以上の整数を指定してください。",
    ),
    "bad_top_p": (
        "top_p is {value!r}: give a number above 0 and up to 1.",
        "top_p が {value!r} です。0 より大きく 1 以下の数を指定してください。",
    ),
    "bad_seed": (
        "seed is {value!r}: give a whole number from 0 to 4294967295, or None.",
        "seed が {value!r} です。0 から 4294967295 までの整数か None を指定してください。",
    ),
    "bad_stop": (
        "stop is {value!r}: give strings that are not empty.",
        "stop が {value!r} です。空でない文字列を指定してください。",
    ),
    "bad_max_new_tokens": (
        "max_new_tokens is {value!r}: give a whole number, 1 or more.",
        "max_new_tokens が {value!r} です。1 以上の整数を指定してください。",
    ),
    "raw_wants_text": (
        "raw=True sends a string as it stands, but this is a {kind}: give a string, or leave raw out.",
        "raw=True は文字列をそのまま送りますが、渡されたのは {kind} です。文字列を渡すか、raw を"
        "外してください。",
    ),
    "no_room_for_reply": (
        "The prompt has {tokens} tokens and leaves no room for a reply within max_length={max_length}: "
        "it is {over} too long. Shorten it, or load the model with a larger max_length.",
        "プロンプトは {tokens} トークンで、max_length={max_length} の中に返答の余地がありません"
        "（{over} トークン超過）。短くするか、max_length を大きくして読み込み直してください。",
    ),
    "not_a_number": (
        "The model's output stopped being numbers in {precision}. Load it again with "
        "precision='bfloat16' or 'float32'.",
        "{precision} での計算結果が数値でなくなりました。precision='bfloat16' または 'float32' で"
        "読み込み直してください。",
    ),
    "unloaded": (
        "{name} was unloaded: load it again to go on.",
        "{name} はメモリから解放されています。続けるにはもう一度読み込んでください。",
    ),
    "system_wants_text": (
        "system is {value!r}: give a string, or None.",
        "system が {value!r} です。文字列か None を指定してください。",
    ),
}
