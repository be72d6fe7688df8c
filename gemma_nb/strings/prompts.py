"""Sentences of the prompt formats."""

TEXT = {
    "prompt_too_long": (
        "The prompt is {length} tokens long: with {new_tokens} for the answer that is {over} more "
        "than max_length={max_length}. Shorten it by {over} tokens or raise max_length.",
        "プロンプトは {length} トークンあり、回答用の {new_tokens} トークンと合わせると "
        "max_length={max_length} を {over} トークン超えます。"
        "{over} トークン短くするか、max_length を大きくしてください。",
    ),
    "prompt_no_vocabulary": (
        "{kind} holds no SentencePiece vocabulary: pass a KerasHub Gemma tokenizer, for example "
        "model.tokenizer.",
        "{kind} には SentencePiece の語彙がありません。"
        "KerasHub の Gemma のトークナイザー(例: model.tokenizer)を渡してください。",
    ),
    "prompt_messages_type": (
        "A conversation is a string or a list of messages like "
        '{{"role": "user", "content": "…"}}, not {kind}.',
        '会話は文字列か、{{"role": "user", "content": "…"}} のようなメッセージのリストで'
        "渡してください({kind} は使えません)。",
    ),
    "prompt_empty": (
        "The conversation is empty: give it at least one user message.",
        "会話が空です。少なくとも 1 つのユーザーのメッセージを入れてください。",
    ),
    "prompt_not_a_message": (
        'Message {index} of the conversation is not a {{"role": "…", "content": "…"}} dict.',
        '会話の {index} 番目は {{"role": "…", "content": "…"}} の形の辞書ではありません。',
    ),
    "prompt_unknown_role": (
        "There is no role {role!r}: use one of {roles}.",
        "{role!r} という役割はありません。{roles} のいずれかを使ってください。",
    ),
    "prompt_content_type": (
        "A message's content is a string or a list of parts like "
        '{{"type": "text", "text": "…"}}, not {kind}.',
        'メッセージの content は文字列か、{{"type": "text", "text": "…"}} のような要素の'
        "リストで渡してください({kind} は使えません)。",
    ),
    "prompt_content_kind": (
        "A content part of type {kind!r} is unknown: use one of {kinds}.",
        "{kind!r} という種類の content 要素はありません。{kinds} のいずれかを使ってください。",
    ),
    "prompt_text_type": (
        "Text must be a str, not {kind}.",
        "テキストは str で渡してください({kind} は使えません)。",
    ),
    "prompt_bad_character": (
        "The text holds half of a surrogate pair at position {position}, which no tokenizer can "
        "encode: remove it, or decode the text from its bytes again.",
        "テキストの {position} 文字目が不完全なサロゲートで、トークンにできません。"
        "取り除くか、元のバイト列からデコードし直してください。",
    ),
    "prompt_no_tools": (
        "{variant} has no format for tools: use a Gemma 4 or FunctionGemma variant, or describe the "
        "tools in your own words.",
        "{variant} にはツールの書式がありません。Gemma 4 か FunctionGemma を使うか、"
        "ツールを文章で説明してください。",
    ),
    "prompt_no_thinking": (
        "{variant} has no thinking mode: leave thinking=False, or use a Gemma 4 variant.",
        "{variant} に思考モードはありません。thinking=False のままにするか、"
        "Gemma 4 を使ってください。",
    ),
    "prompt_no_media": (
        "{variant} takes no {kind}. It takes: {takes}.",
        "{variant} は {kind} を受け取れません。受け取れるもの: {takes}。",
    ),
    "prompt_no_fim": (
        "{variant} does not fill in code between two parts: use a CodeGemma variant.",
        "{variant} はコードの穴埋めに対応していません。CodeGemma を使ってください。",
    ),
    "prompt_no_guideline": (
        "{variant} judges no guideline: guideline= belongs to ShieldGemma. Put instructions in a "
        "message instead.",
        "{variant} は guideline による判定をしません(guideline= は ShieldGemma 用です)。"
        "指示はメッセージに書いてください。",
    ),
    "prompt_system_late": (
        "A system message must come first, once: move its text to the start of the conversation.",
        "システムメッセージは会話の先頭に 1 つだけ置けます。内容を先頭に移してください。",
    ),
    "prompt_only_system": (
        "The conversation holds a system message only: add a user message to answer.",
        "会話にシステムメッセージしかありません。答えるべきユーザーのメッセージを加えてください。",
    ),
    "prompt_system_media": (
        "A system message holds text only: put images, audio and code in a user message.",
        "システムメッセージに入れられるのはテキストだけです。"
        "画像、音声、コードはユーザーのメッセージに入れてください。",
    ),
    "prompt_roles_alternate": (
        "Roles must alternate user, assistant, user, …: message {position} after any system "
        "message is {role!r} where {wanted!r} belongs.",
        "役割は user、assistant、user … と交互でなければなりません。システムメッセージを除いて "
        "{position} 番目が {role!r} ですが、ここには {wanted!r} が必要です。",
    ),
    "prompt_ends_with_model": (
        "The conversation ends with the model's own turn, so there is nothing to answer: add a "
        "user message.",
        "会話がモデル自身の発言で終わっていて、答えるものがありません。"
        "ユーザーのメッセージを加えてください。",
    ),
    "prompt_plain_chat": (
        "{variant} is not tuned to chat: it continues a plain text, so pass a string. {sibling}",
        "{variant} は対話用に調整されておらず、渡した文章の続きを書きます。"
        "文字列を渡してください。{sibling}",
    ),
    "prompt_plain_sibling": (
        "To chat, use {sibling}.",
        "対話には {sibling} を使ってください。",
    ),
    "prompt_plain_no_sibling": (
        "To chat, use an instruction-tuned (IT) variant.",
        "対話には指示調整済み(IT)のバリアントを使ってください。",
    ),
    "prompt_no_format": (
        "{variant} takes no text prompt of its own, so there is nothing to format.",
        "{variant} はそれ自身ではテキストのプロンプトを受け取らないため、整形できません。",
    ),
}
