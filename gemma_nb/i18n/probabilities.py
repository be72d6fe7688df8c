"""Sentences of the next-token panel, and of the probabilities of a chat's replies."""

TEXT = {
    # --- the next-token panel
    "next_title": ("What may come next?", "次に来るのは?"),
    "next_intro": (
        "A model gives every token of its vocabulary a probability. Sampling changes these "
        "probabilities as the sliders say, and draws a token.",
        "モデルは語彙のすべてのトークンに確率を付けます。サンプリングは、その確率をスライダーのとおりに変えて、"
        "1 つのトークンを引きます。",
    ),
    "next_text": ("Text so far", "ここまでの文章"),
    "next_reply": ("Reply so far", "ここまでの回答"),
    "next_draw": ("Draw the next token", "次のトークンを引く"),
    "next_reset": ("Back to the beginning", "最初に戻す"),
    "next_busy": ("Running the model …", "モデルを実行しています…"),
    "next_failed": ("The probabilities could not be computed.", "確率を計算できませんでした。"),
    "next_drawn": ("Drawn: {piece}, with {chance}.", "引いたトークン: {piece}(確率 {chance})"),
    "next_ended": (
        "Drawn: {piece}, with {chance}. This control token is not part of the text. Draw again, or "
        "change the text.",
        "引いたトークン: {piece}(確率 {chance})。制御トークンなので文章には入りません。もう一度引くか、"
        "文章を変えてください。",
    ),
    "next_token": ("Token (and its word)", "トークン(と単語)"),
    "next_model": ("Model", "モデル"),
    "next_sampling": ("Sampling", "サンプリング"),
    "next_others": ("the other {count} tokens", "ほかの {count} トークン"),
    "next_left_out": ("left out", "除外"),
    "next_count": (
        "{count} of {size} tokens can be drawn.",
        "{size} トークンのうち {count} 個が引けます。",
    ),
    "next_greedy": (
        "At temperature 0, the likeliest token is always taken.",
        "温度 0 では、いつも最も確率の高いトークンを選びます。",
    ),
    "next_words_note": (
        "The bold part is the token, to which the numbers belong. The rest is how the model would most "
        "likely end the word.",
        "太字がトークンで、数値はその確率です。残りは、モデルがその単語をどう終えそうかを示します。",
    ),
    "next_settings": (
        "Temperature {temperature}, top-k {top_k}, top-p {top_p}.",
        "温度 {temperature}、top-k {top_k}、top-p {top_p}。",
    ),
}
