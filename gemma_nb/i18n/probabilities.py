"""Sentences of the next-token panel, and of the probabilities of a chat's replies."""

TEXT = {
    # --- the next-token panel
    "next_title": ("What may come next?", "次に来るのは？"),
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
        "The bold part is the token, and the numbers are its probabilities. The rest is how the model would "
        "most likely end the word.",
        "太字がトークンで、数値はその確率です。残りは、モデルがその単語をどう終えそうかを示します。",
    ),
    "next_settings": (
        "Temperature {temperature}, top-k {top_k}, top-p {top_p}.",
        "温度 {temperature}、top-k {top_k}、top-p {top_p}。",
    ),
    # --- the words of a chat's replies
    "chat_words": ("Show how likely each word was", "単語ごとの確率を表示"),
    "chat_words_busy": (
        "Reading the replies again for their probabilities …",
        "確率を求めるため、回答を読み直しています…",
    ),
    "chat_words_done": (
        "The replies show how likely each word was.",
        "回答に単語ごとの確率を表示しました。",
    ),
    "chat_words_none": (
        "No probabilities for this reply: it has thoughts, tool calls or boxes, and their exact text is "
        "not kept.",
        "この回答の確率は表示できません。思考、ツール呼び出し、領域を含む回答では、モデルが書いたままのテキストを"
        "保持していないためです。",
    ),
    "chat_words_hint": (
        "Point at a word of a reply to see its probability and what else the model expected. With the "
        "keyboard, go to a reply with Tab and to its words with the arrow keys.",
        "回答の単語にマウスを合わせると、その確率と、モデルが予想していたほかの候補が見えます。キーボードでは "
        "Tab で回答に、矢印キーで単語に移ります。",
    ),
    "chat_words_legend": (
        "Probability of a word, before temperature, top-k and top-p. The less the model expected it, "
        "the thicker the line:",
        "単語の確率(温度、top-k、top-p を適用する前)。予想外の単語ほど線が太くなります:",
    ),
    "chat_words_label": ("The words of the reply", "回答の単語"),
    "chat_words_table": ("The same as a table", "同じ内容の表"),
    "chat_word": ("{word}: {chance}", "「{word}」: {chance}"),
    "chat_word_tokens": ("(the product of {count} tokens)", "({count} トークンの積)"),
}
