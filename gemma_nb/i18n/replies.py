"""Sentences about replies, and about prompts that were written by hand."""

TEXT = {
    "mask_none": (
        "This box has no mask: ask with the task 'segment {{object}}' instead of 'detect'.",
        "このボックスにはマスクがありません。'detect' ではなく 'segment {{object}}' で"
        "質問してください。",
    ),
    "mask_needs_decoder": (
        "A mask's pixels need the decoder's weights, which this package does not hold: download "
        "vae-oid.npz of the PaliGemma project (https://github.com/google-research/big_vision) and "
        "pass its path as decoder=. The sixteen indices in box.mask need no decoder.",
        "マスクの画素を得るにはデコーダーの重みが必要ですが、このパッケージには含まれていません。"
        "PaliGemma のプロジェクト(https://github.com/google-research/big_vision)の vae-oid.npz を"
        "ダウンロードし、そのパスを decoder= に渡してください。"
        "box.mask の 16 個の番号だけならデコーダーは要りません。",
    ),
    "mask_bad_decoder": (
        "{path} is not the mask decoder (vae-oid.npz): {reason}.",
        "{path} はマスクのデコーダー(vae-oid.npz)ではありません: {reason}。",
    ),
    "reply_open_thought": (
        "The reply ends inside a thought: it was cut off. Raise max_new_tokens.",
        "返答が思考の途中で終わっています。max_new_tokens を大きくしてください。",
    ),
    "reply_unopened_thought": (
        "The reply closes a thought that it did not open: what stands before was taken for a thought.",
        "開かれていない思考が閉じられているため、それより前を思考とみなしました。",
    ),
    "reply_bad_call": (
        "A tool call could not be read; it stands in the answer as the model wrote it.",
        "ツール呼び出しを読み取れませんでした。モデルが書いたまま回答に残しています。",
    ),
    "reply_stray_token": (
        "The token {token} closes a tool call that was not opened; it was left out.",
        "開かれていないツール呼び出しを閉じるトークン {token} を取り除きました。",
    ),
    "reply_bad_box": (
        "A box or mask could not be read; it stands in the answer as the model wrote it.",
        "ボックスまたはマスクを読み取れませんでした。モデルが書いたまま回答に残しています。",
    ),
    "reply_no_verdict": (
        "The reply starts with neither Yes nor No.",
        "返答が Yes でも No でも始まっていません。",
    ),
    "lint_bos": (
        "<bos> does not belong in the text: the tokenizer puts it in front itself.",
        "<bos> を書く必要はありません。トークナイザーが先頭に付けます。",
    ),
    "lint_eos": (
        "<eos> does not belong in a prompt: it ends a reply.",
        "<eos> はプロンプトに入れるものではありません。返答の終わりを示すトークンです。",
    ),
    "lint_wrong_tag": (
        "{tag} is not a tag of this family, which uses: {tags}",
        "{tag} はこのモデルのタグではありません。使えるタグ: {tags}",
    ),
    "lint_no_tags": (
        "{tag} means nothing to this model: its prompts have no tags.",
        "{tag} はこのモデルには意味がありません。このモデルのプロンプトにタグはありません。",
    ),
    "lint_plain_tag": (
        "{tag} means nothing to this model, which was not tuned to chat: it continues plain text.",
        "{tag} は、対話用に調整されていないこのモデルには意味がありません。"
        "このモデルは普通の文章の続きを書きます。",
    ),
    "lint_unclosed": (
        "{tag} is not closed: {closing} is missing.",
        "{tag} が閉じられていません。{closing} が必要です。",
    ),
    "lint_unopened": (
        "{tag} closes nothing: {opening} is missing before it.",
        "{tag} に対応する {opening} が前にありません。",
    ),
    "lint_newline": (
        "A newline must follow {tag}.",
        "{tag} の直後には改行が必要です。",
    ),
    "lint_space": (
        "No space belongs behind {tag}.",
        "{tag} の直後に空白を入れないでください。",
    ),
    "lint_outside_turn": (
        "This text stands outside every turn: {text}",
        "どのターンにも属さないテキストがあります: {text}",
    ),
    "lint_no_turns": (
        "The prompt has no turns: this model was tuned to text between {opening} tags.",
        "ターンがありません。このモデルは {opening} で始まるターンで調整されています。",
    ),
    "lint_no_model_turn": (
        "The prompt does not end with {opening}model and a newline, so the model may write more of "
        "the user's turn.",
        "プロンプトの最後に {opening}model と改行がないため、"
        "モデルがユーザーの発言の続きを書くことがあります。",
    ),
    "lint_alternate": (
        "Two turns in a row have the role {role}.",
        "{role} のターンが続いています。",
    ),
    "lint_role": (
        "{opening}{role} is no role of this family: use {roles}.",
        "{opening}{role} という役割はこのモデルにはありません。{roles} を使ってください。",
    ),
    "lint_no_system": (
        "This family has no {role} role: put the instruction at the head of the first user turn.",
        "このモデルに {role} という役割はありません。"
        "指示は最初のユーザーのターンの先頭に書いてください。",
    ),
    "lint_fim_missing": (
        "{tag} is missing.",
        "{tag} がありません。",
    ),
    "lint_fim_twice": (
        "{tag} stands here a second time.",
        "{tag} が 2 回使われています。",
    ),
    "lint_fim_order": (
        "The tokens stand in the wrong order: {tags}",
        "トークンの順序が違います。正しい順序: {tags}",
    ),
    "lint_fim_behind": (
        "Nothing may stand behind {tag}: the model goes on from there.",
        "{tag} の後ろには何も書かないでください。モデルがそこから書き続けます。",
    ),
    "lint_think_place": (
        "{tag} belongs at the head of the system turn.",
        "{tag} はシステムのターンの先頭に置いてください。",
    ),
    "lint_thought_closed": (
        "Thinking is on, but the prompt ends with an empty thought, which turns it off.",
        "思考モードがオンですが、プロンプトの最後の空の思考がそれを打ち消します。",
    ),
    "lint_thought_missing": (
        "Without thinking, {variant} expects an empty thought at the end: <|channel>thought, a "
        "newline, <channel|>.",
        "思考なしの場合、{variant} のプロンプトの最後には空の思考"
        "(<|channel>thought、改行、<channel|>)が必要です。",
    ),
    "lint_thought_extra": (
        "{variant} takes no empty thought at the end: only the larger Gemma 4 models do.",
        "{variant} のプロンプトの最後に空の思考は不要です(大きい Gemma 4 だけが使います)。",
    ),
    "lint_activation": (
        "Without the sentence {sentence!r} in the developer turn, the model may not call functions.",
        "developer のターンに {sentence!r} という文がないと、"
        "モデルが関数を呼び出さないことがあります。",
    ),
    "lint_task_newline": (
        "A task line must end in a newline.",
        "タスクの行は改行で終わる必要があります。",
    ),
    "lint_no_principle": (
        "{variant} expects the guideline behind 'Our safety principle is defined in the below:'.",
        "{variant} には 'Our safety principle is defined in the below:' に続く判定基準が必要です。",
    ),
    "lint_no_languages": (
        "{variant} expects its own instruction ('You are a professional … translator.').",
        "{variant} には専用の指示文('You are a professional … translator.')が必要です。",
    ),
    "lint_no_task": (
        "{variant} expects 'task: … | query: ' in front of a query, 'title: … | text: ' in front of "
        "a document.",
        "{variant} では、検索文の前に 'task: … | query: '、"
        "文書の前に 'title: … | text: ' を付けます。",
    ),
}
