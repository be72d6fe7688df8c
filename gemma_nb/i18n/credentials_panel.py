"""Sentences of the panel of logins."""

TEXT = {
    "login_title": ("Logins", "ログイン"),
    "login_intro": (
        "Gemma 3 and earlier ask for a login at Kaggle or Hugging Face, and for their terms to be "
        "accepted once. One of the two is enough. Gemma 4 and the demo models ask for neither.",
        "Gemma 3 以前をダウンロードするには、Kaggle か Hugging Face のどちらかへのログインと、利用規約への"
        "一度きりの同意が必要です。Gemma 4 とデモモデルには不要です。",
    ),
    "login_found": ("✓ {service}: found in {place}", "✓ {service}: {place} にあります"),
    "login_missing": ("– {service}: no login found", "– {service}: 見つかりませんでした"),
    "login_places": (
        "Where it was looked for, first that counts first",
        "探した場所(先にあるものが優先)",
    ),
    "login_place": ("Place", "場所"),
    "login_there": ("Found", "有無"),
    "login_yes": ("✓ yes", "✓ あり"),
    "login_no": ("– no", "– なし"),
    "login_get": ("Get a token for {service}", "{service} のトークンを取得する"),
    "login_then": (
        ", then paste it here. It stays in this process until the kernel ends and is written nowhere.",
        "。取得したトークンをここに貼り付けてください。カーネルが終了するまでこのプロセスの中だけに保持し、どこにも書き込みません。",
    ),
    "login_field_kaggle": (
        "Kaggle token (or kaggle.json)",
        "Kaggle のトークン(または kaggle.json)",
    ),
    "login_field_huggingface": ("Hugging Face token", "Hugging Face のトークン"),
    "login_keep": ("Keep for this session", "このセッションで使う"),
    "login_forget": ("Forget it", "消去する"),
    "login_kept": (
        "Kept for this session, and the field is cleared. Whether {service} knows it shows at the "
        "first download.",
        "このセッションの間保持します。欄は空にしました。{service} で有効かどうかは最初のダウンロードでわかります。",
    ),
    "login_forgotten": ("Forgotten.", "消去しました。"),
    "login_terms": ("Where to accept the terms", "利用規約に同意するページ"),
    "login_terms_of": ("{variant} ({licence}) on {hub}", "{variant}({licence})、{hub}"),
    "login_terms_none": (
        "{variant} asks for no terms to be accepted.",
        "{variant} は利用規約への同意が不要です。",
    ),
    "login_colab": (
        "Look into Colab's secrets too (Colab will ask)",
        "Colab のシークレットも調べる(Colab が許可を求めます)",
    ),
}
