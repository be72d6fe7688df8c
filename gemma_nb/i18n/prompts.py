"""Sentences of prompts, replies, and the check of prompts written by hand."""

TEXT = {
    # --- prompt formats
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
    "prompt_no_bos": (
        "This vocabulary has no token that begins a text (<bos>): pass a Gemma tokenizer.",
        "この語彙にはテキストの先頭を示すトークン(<bos>)がありません。"
        "Gemma のトークナイザーを渡してください。",
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
        "{variant} does not judge by a guideline: guideline= is for ShieldGemma. Put instructions in a "
        "message instead.",
        "{variant} は guideline による判定をしません(guideline= は ShieldGemma 用です)。"
        "指示はメッセージに書いてください。",
    ),
    "prompt_system_late": (
        "A system message must come first, once: move its text to the start of the conversation.",
        "システムメッセージは会話の先頭に 1 つだけ置けます。内容を先頭に移してください。",
    ),
    "prompt_only_system": (
        "The conversation holds only a system message: add a user message to answer.",
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
    "prompt_no_system": (
        "{variant} has no place for a system message: put what it should do into the user message.",
        "{variant} にはシステムメッセージを置く場所がありません。"
        "指示はユーザーのメッセージに書いてください。",
    ),
    "prompt_one_message": (
        "{variant} answers one user message at a time: send one message with the image and the "
        "task, without earlier turns.",
        "{variant} が受け取れるのはユーザーのメッセージ 1 つだけです。"
        "画像と指示を 1 つのメッセージにまとめ、以前のやり取りは含めないでください。",
    ),
    "prompt_one_image": (
        "{variant} takes one image a prompt: send one prompt for each image.",
        "{variant} が 1 つのプロンプトで受け取れる画像は 1 枚です。"
        "画像ごとに別のプロンプトを送ってください。",
    ),
    "prompt_no_task": (
        "{variant} needs a task line besides the image, for example one of: {tasks}.",
        "{variant} には画像のほかにタスクの行が必要です。例: {tasks}。",
    ),
    "prompt_pretrained_task": (
        "Only the pretrained (pt) PaliGemma models know the task {task!r}; {variant} takes: {tasks}.",
        "タスク {task!r} を扱えるのは事前学習済み(pt)の PaliGemma だけです。"
        "{variant} が受け取れるタスク: {tasks}。",
    ),
    "prompt_guideline_needed": (
        '{variant} judges a text by a guideline: pass guideline=\'"No Harassment": The prompt shall '
        "not contain …'.",
        "{variant} は guideline に照らしてテキストを判定します。"
        "guideline='\"No Harassment\": The prompt shall not contain …' のように指定してください。",
    ),
    "prompt_judge_turns": (
        "{variant} judges one user message, or one user message and the assistant's answer to it: "
        "send just those.",
        "{variant} が判定するのはユーザーのメッセージ 1 つ、またはそれとアシスタントの回答 1 つです。"
        "それだけを渡してください。",
    ),
    "prompt_translate_one": (
        "{variant} translates one text or one image a user message: its content must be a list with "
        "exactly one part.",
        "{variant} がユーザーのメッセージごとに翻訳するのはテキスト 1 つか画像 1 枚です。"
        "content は要素が 1 つのリストにしてください。",
    ),
    "prompt_translate_codes": (
        "{variant} must be told both languages; {missing!r} is missing. Write the content as "
        '[{{"type": "text", "source_lang_code": "en", "target_lang_code": "ja", "text": "…"}}].',
        "{variant} には両方の言語の指定が必要ですが、{missing!r} がありません。content を "
        '[{{"type": "text", "source_lang_code": "en", "target_lang_code": "ja", "text": "…"}}] '
        "の形で書いてください。",
    ),
    "prompt_translate_language": (
        "TranslateGemma does not know the language code {code!r}: use one of {codes}, with a region "
        "or script after it if need be (pt-BR, zh-Hant).",
        "TranslateGemma は言語コード {code!r} を知りません。{codes} のいずれかを使ってください"
        "(必要なら pt-BR、zh-Hant のように地域や文字体系を付けます)。",
    ),
    "prompt_embed_one": (
        "{variant} embeds one text at a time: pass a string, or one content part with a task or a "
        "title.",
        "{variant} が一度に埋め込むテキストは 1 つです。文字列か、"
        "task または title を持つ content 要素を 1 つ渡してください。",
    ),
    "prompt_embed_task": (
        "EmbeddingGemma has no task {task!r}: use one of {tasks}.",
        "EmbeddingGemma にタスク {task!r} はありません。{tasks} のいずれかを使ってください。",
    ),
    "prompt_fim_files": (
        "files is a list of texts or pairs (path, text), not {value!r}.",
        "files は文章か (パス, 文章) の組のリストで渡してください({value!r} は使えません)。",
    ),
    "prompt_fim_alone": (
        "A gap to fill is sent alone: send just the message that fim() makes, without other messages or "
        "parts.",
        "コードの穴埋めは単独で送ります。fim() が作るメッセージだけを渡してください。",
    ),
    "prompt_tool_schema": (
        'A tool is a JSON schema: {{"type": "function", "function": {{"name": "…", "description": '
        '"…", "parameters": {{…}}}}}}.',
        'ツールは JSON スキーマで渡します: {{"type": "function", "function": {{"name": "…", '
        '"description": "…", "parameters": {{…}}}}}}。',
    ),
    "prompt_tools_type": (
        "tools is a list of JSON schemas, not {kind}.",
        "tools は JSON スキーマのリストで渡してください({kind} は使えません)。",
    ),
    "prompt_tool_keyword": (
        "The schema of the tool {tool!r} cannot be written for this model: at {parameter} it uses "
        "{keyword} in a way that the prompt format has no form for. Give each parameter one type "
        "(or one type and null), and say in its description what else holds.",
        "ツール {tool!r} のスキーマはこのモデルの書式で表せません。{parameter} の {keyword} に対応する"
        "書き方がないためです。各引数の型を 1 つ(または 1 つと null)にし、ほかの条件は "
        "description に書いてください。",
    ),
    "prompt_tool_value": (
        "{argument} holds a value of type {kind}, which a prompt cannot express: give strings, "
        "numbers, lists and dicts.",
        "{argument} に {kind} 型の値があり、プロンプトで表せません。文字列、数値、リスト、辞書に"
        "してください。",
    ),
    "prompt_tool_nested": (
        "{argument} is nested more than {depth} deep or holds more than {count:,} values: give a "
        "smaller one.",
        "{argument} の入れ子が {depth} 段を超えるか、値が {count:,} 個を超えています。小さくして"
        "ください。",
    ),
    "prompt_tool_list": (
        "{field} of a message is a list of dicts, not {kind}.",
        "メッセージの {field} は辞書のリストで渡してください({kind} は使えません)。",
    ),
    "prompt_is_rendered": (
        "This Prompt is rendered already: pass tools, thinking and guideline to format_prompt(), which made "
        "it.",
        "この Prompt は整形済みです。tools、thinking、guideline は、それを作る format_prompt() に"
        "渡してください。",
    ),
    "prompt_in_a_message": (
        "A Prompt is a whole rendered conversation, not part of a message: pass it alone to generate(), or "
        "put the user's own words into the message.",
        "Prompt は整形済みの会話全体で、メッセージの一部にはできません。generate() にそのまま渡すか、"
        "メッセージには元の文章を入れてください。",
    ),
    "prompt_tool_call": (
        'A tool call is {{"function": {{"name": "…", "arguments": {{…}}}}}}, the arguments a dict or '
        "a JSON string of one.",
        'ツール呼び出しは {{"function": {{"name": "…", "arguments": {{…}}}}}} の形で、arguments は'
        "辞書かその JSON 文字列です。",
    ),
    "prompt_tool_without_call": (
        "Message {position} after any system message is a tool's answer, but no assistant message with "
        "tool_calls comes before it: add the call, or send the text as a user message.",
        "システムメッセージを除いて {position} 番目はツールの応答ですが、その前に tool_calls を持つ"
        "アシスタントのメッセージがありません。呼び出しを加えるか、"
        "ユーザーのメッセージとして送ってください。",
    ),
    "prompt_call_without_answer": (
        'A tool call has no answer: add a {{"role": "tool", "name": "…", "content": …}} message '
        "after the assistant message that makes the call.",
        "ツール呼び出しへの応答がありません。呼び出したアシスタントのメッセージの後ろに "
        '{{"role": "tool", "name": "…", "content": …}} を加えてください。',
    ),
    "prompt_unknown_template": (
        "{variant} has its own chat template, which is none of the formats that gemma_nb knows. Write the "
        "prompt by hand as its template does, and pass it as a string with raw=True.",
        "{variant} には独自のチャットテンプレートがあり、ここで扱える形式ではありません。テンプレート"
        "どおりのプロンプトを自分で書き、raw=True を付けて文字列で渡してください。",
    ),
    "prompt_plain_chat": (
        "{variant} is not tuned to chat: it continues a plain text, so pass a string. {sibling}",
        "{variant} は対話用にチューニングされておらず、渡した文章の続きを書きます。文字列を渡してください。"
        "{sibling}",
    ),
    "prompt_plain_sibling": (
        "To chat, use {sibling}.",
        "対話には {sibling} を使ってください。",
    ),
    "prompt_plain_no_sibling": (
        "To chat, use an instruction-tuned (IT) variant.",
        "対話には指示チューニング済み(IT)のバリアントを使ってください。",
    ),
    "prompt_no_format": (
        "{variant} takes no text prompt of its own, so there is nothing to format.",
        "{variant} はそれ自身ではテキストのプロンプトを受け取らないため、整形できません。",
    ),
    # --- replies, masks and the prompt check
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
    "reply_image_size": (
        "image_size is (width, height) in pixels, not {value!r}.",
        "image_size は (幅, 高さ) のピクセル数で渡してください({value!r} は使えません)。",
    ),
    "reply_open_thought": (
        "The reply ends inside a thought: it was cut off. Raise max_new_tokens.",
        "回答が思考の途中で終わっています。max_new_tokens を大きくしてください。",
    ),
    "reply_unopened_thought": (
        "The reply closes a thought that it did not open: the text before it counts as the "
        "thought.",
        "開かれていない思考が閉じられているため、それより前を思考とみなしました。",
    ),
    "reply_bad_call": (
        "A tool call could not be read; it is left in the answer as the model wrote it.",
        "ツール呼び出しを読み取れませんでした。モデルが書いたまま回答に残しています。",
    ),
    "reply_stray_token": (
        "The token {token} closes a tool call that was not opened; it was left out.",
        "開かれていないツール呼び出しを閉じるトークン {token} を取り除きました。",
    ),
    "reply_bad_box": (
        "A box or mask could not be read; it is left in the answer as the model wrote it.",
        "ボックスまたはマスクを読み取れませんでした。モデルが書いたまま回答に残しています。",
    ),
    "reply_no_verdict": (
        "The reply starts with neither Yes nor No.",
        "回答が Yes でも No でも始まっていません。",
    ),
    "lint_bos": (
        "<bos> does not belong in the text: the tokenizer puts it in front itself.",
        "<bos> を書く必要はありません。トークナイザーが先頭に付けます。",
    ),
    "lint_eos": (
        "<eos> does not belong in a prompt: it ends a reply.",
        "<eos> はプロンプトに入れるものではありません。回答の終わりを示すトークンです。",
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
        "{tag} は、対話用にチューニングされていないこのモデルには意味がありません。このモデルは普通の文章の"
        "続きを書きます。",
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
        "There must be no space after {tag}.",
        "{tag} の直後に空白を入れないでください。",
    ),
    "lint_outside_turn": (
        "This text is outside every turn: {text}",
        "どの発言にも属さないテキストがあります: {text}",
    ),
    "lint_no_turns": (
        "The prompt has no turns: this model was tuned to text between {opening} tags.",
        "発言がありません。このモデルは {opening} で始まる発言でチューニングされています。",
    ),
    "lint_no_model_turn": (
        "The prompt does not end with {opening}model and a newline, so the model may write more of "
        "the user's turn.",
        "プロンプトの最後に {opening}model と改行がないため、"
        "モデルがユーザーの発言の続きを書くことがあります。",
    ),
    "lint_alternate": (
        "Two turns in a row have the role {role}.",
        "{role} の発言が続いています。",
    ),
    "lint_role": (
        "{opening}{role} is not a role of this family: use {roles}.",
        "{opening}{role} という役割はこのモデルにはありません。{roles} を使ってください。",
    ),
    "lint_no_system": (
        "This family has no {role} role: put the instruction at the start of the first user turn.",
        "このモデルに {role} という役割はありません。"
        "指示は最初のユーザーの発言の先頭に書いてください。",
    ),
    "lint_fim_missing": (
        "{tag} is missing.",
        "{tag} がありません。",
    ),
    "lint_fim_twice": (
        "{tag} is here a second time.",
        "{tag} が 2 回使われています。",
    ),
    "lint_fim_order": (
        "The tokens are in the wrong order: {tags}",
        "トークンの順序が違います。正しい順序: {tags}",
    ),
    "lint_fim_behind": (
        "Nothing may follow {tag}: the model continues from there.",
        "{tag} の後ろには何も書かないでください。モデルがそこから書き続けます。",
    ),
    "lint_think_place": (
        "{tag} belongs at the start of the system turn.",
        "{tag} はシステムの発言の先頭に置いてください。",
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
        "developer の発言に {sentence!r} という文がないと、"
        "モデルが関数を呼び出さないことがあります。",
    ),
    "lint_task_newline": (
        "A task line must end in a newline.",
        "タスクの行は改行で終わる必要があります。",
    ),
    "lint_no_principle": (
        "{variant} expects the guideline after 'Our safety principle is defined in the below:'.",
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
