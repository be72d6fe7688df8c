"""Sentences of the command line."""

TEXT = {
    # --- every command, and gemma_nb.set_language
    "unknown_language": (
        "gemma_nb has no language {asked!r}: use one of {known}.",
        "言語 {asked!r} には対応していません。{known} のいずれかを指定してください。",
    ),
    # --- python -m gemma_nb
    "cli_description": (
        "Looks at this machine, shows which Gemma fits, loads the demo model, prints its formatted prompt "
        "and streams its answer. Needs no account, no download and no accelerator.",
        "このマシンを調べて収まる Gemma を示し、デモモデルを読み込んで、書式どおりのプロンプトと、生成され"
        "る回答を表示します。アカウントもダウンロードもアクセラレーターも不要です。",
    ),
    "cli_wrong_argument": (
        "{command}: {message} (see {command} -h)",
        "{command}: {message}。{command} -h で使い方を表示します。",
    ),
    "cli_help_version": ("the version of gemma_nb", "gemma_nb のバージョンを表示"),
    "cli_help_lang": ("language of all sentences", "表示する言語"),
    "cli_help_ask": ("what to ask the demo model", "デモモデルへの質問"),
    "cli_commands": ("commands", "コマンド"),
    "tour_hardware": (
        "This machine (and the source of each fact)",
        "このマシン(括弧内は情報の出どころ)",
    ),
    "tour_fits": (
        "Gemma variants near its limit (prompt and reply up to 2,048 tokens)",
        "メモリの限界付近の Gemma(プロンプトと回答で 2,048 トークンまで)",
    ),
    "tour_of": ("of {available}", "/ {available}"),
    "tour_fits_status": ("fits", "収まります"),
    "tour_tight_status": ("fits, tight", "ぎりぎり収まります"),
    "tour_no_status": ("does not fit", "収まりません"),
    "tour_recommended": (
        "Recommended here: {variant} in {precision}",
        "おすすめ: {variant}({precision})",
    ),
    "tour_load_it": (
        "Load it with gemma_nb.load({variant!r}, {precision!r}). Now the demo model, which needs no account and "
        "no download:",
        "gemma_nb.load({variant!r}, {precision!r}) で読み込めます。ここからは、アカウントもダウンロードも不要な"
        "デモモデルで試します。",
    ),
    "tour_loading": ("Loading the demo model", "デモモデルの読み込み"),
    "tour_loaded": (
        "{model}: {parameters} parameters in {precision}, ready after {seconds} s.",
        "{model}: パラメータ {parameters} 個、{precision}、{seconds} 秒で準備完了。",
    ),
    "tour_prompt": (
        "The prompt, as the model reads it",
        "モデルが実際に読むプロンプト",
    ),
    "tour_answer": ("The answer, as it is generated", "生成される回答"),
    "tour_question": (
        "What is the capital of Japan?",
        "日本の首都はどこですか？",
    ),
    "tour_speed": (
        "First token after {first} ms (plus {compile} s of compiling, once), then {rate} tokens per second; "
        "{tokens} tokens in all.",
        "最初のトークンまで {first} ミリ秒(ほかに初回のコンパイル {compile} 秒)、その後は毎秒 "
        "{rate} トークン、全 {tokens} トークン。",
    ),
    "tour_speed_one": (
        "First token after {first} ms (plus {compile} s of compiling, once); {tokens} token in all.",
        "最初のトークンまで {first} ミリ秒(ほかに初回のコンパイル {compile} 秒)、全 {tokens} "
        "トークン。",
    ),
    # --- python -m gemma_nb fit
    "fit_help": (
        "which variants fit a machine, and which to take",
        "どのバリアントがその環境に収まり、どれを選ぶとよいか",
    ),
    "fit_help_runtime": (
        "a known runtime (T4, L4, binder, …); this machine when left out",
        "登録済みの実行環境(T4、L4、binder など)。省略するとこのマシン",
    ),
    "fit_help_task": ("what it is for: {tasks}", "用途: {tasks}"),
    "fit_help_max_length": (
        "tokens of prompt and reply together (default {default})",
        "プロンプトと回答を合わせたトークン数(既定 {default})",
    ),
    "fit_help_precision": (
        "one precision: {precisions}; the highest that fits when left out",
        "精度: {precisions}。省略すると収まる中で最も高いもの",
    ),
    "fit_help_all": (
        "every variant, also those that KerasHub cannot load",
        "KerasHub で読み込めないものも含めた全バリアント",
    ),
    "fit_help_json": ("a JSON list of objects", "オブジェクトの JSON リストで出力"),
    "fit_head": ("{runtime}: {available} for a model", "{runtime}: モデルに使えるのは {available}"),
    "fit_variant": ("Variant", "バリアント"),
    "fit_precision": ("Precision", "精度"),
    "fit_status": ("Fits?", "判定"),
    "fit_needed": ("Needs", "必要量"),
    "fit_available": ("of", "使える量"),
    "fit_fits": ("yes", "可"),
    "fit_tight": ("tight", "ぎりぎり"),
    "fit_no": ("no", "不可"),
    "fit_take": ("Take {variant} in {precision}.", "おすすめ: {variant}({precision})"),
    # --- python -m gemma_nb chat
    "terminal_help": (
        "a conversation with a model in the terminal",
        "ターミナルでモデルと会話します",
    ),
    "terminal_help_variant": (
        "the variant to load, for example gemma3_instruct_1b; the demo model when left out",
        "読み込むバリアント(例: gemma3_instruct_1b)。省略するとデモモデル",
    ),
    "terminal_help_precision": (
        "float32, bfloat16, float16, int8, int4, or auto (the default)",
        "float32、bfloat16、float16、int8、int4、auto(既定)のいずれか",
    ),
    "terminal_help_max_length": (
        "tokens of the whole conversation (default 2048); older turns are left out beyond it",
        "会話全体のトークン数(既定 2048)。超えると古い発言から省きます",
    ),
    "terminal_help_max_new_tokens": (
        "the most tokens of one answer (default {default})",
        "1 回の回答の最大トークン数(既定 {default})",
    ),
    "terminal_help_system": (
        "an instruction for the whole conversation",
        "会話全体に対する指示(システムプロンプト)",
    ),
    "terminal_begin": (
        "{name} in {precision}. Type a message. /help lists the commands, Ctrl-C stops an answer, "
        "Ctrl-D ends the conversation.",
        "{name}({precision})。メッセージを入力してください。/help でコマンド一覧、Ctrl-C で回答を中断、"
        "Ctrl-D で終了します。",
    ),
    "terminal_how_to_quit": (
        "To end the conversation, type /quit or press Ctrl-D.",
        "終了するには /quit と入力するか Ctrl-D を押してください。",
    ),
    "terminal_stopped": ("(stopped)", "(中断しました)"),
    "terminal_thinking": ("(thinking)", "(思考)"),
    "terminal_answer": ("(answer)", "(回答)"),
    "terminal_dropped": (
        "The conversation no longer fits --max-length: the {count} oldest messages are no longer sent.",
        "会話が --max-length に収まらないため、古いメッセージ {count} 件は今後送信しません。",
    ),
    "terminal_no_command": (
        "There is no command {name}. Did you mean {near}? /help lists them all. To send a message that "
        "begins with a slash, type two.",
        "コマンド {name} はありません({near} のことですか？)。一覧は /help で表示できます。スラッシュで始ま"
        "るメッセージを送るには、スラッシュを 2 つ入力してください。",
    ),
    "terminal_command_help": ("lists the commands", "コマンドの一覧を表示"),
    "terminal_command_system": (
        "TEXT sets the system prompt, - removes it, no argument shows it",
        "TEXT でシステムプロンプトを設定、- で削除、何も付けないと表示",
    ),
    "terminal_command_again": (
        "generates another answer to the last message",
        "直前のメッセージへの回答を再生成",
    ),
    "terminal_command_new": (
        "begins a new conversation with the same system prompt",
        "同じシステムプロンプトで新しい会話を開始",
    ),
    "terminal_command_save": ("FILE saves the conversation as JSON", "FILE に会話を JSON で保存"),
    "terminal_command_open": ("FILE continues a saved conversation", "FILE に保存した会話を続行"),
    "terminal_command_quit": ("ends the conversation", "会話を終了"),
    "terminal_help_more": (
        "A line that ends in a backslash continues on the next line.",
        "行末にバックスラッシュを付けると、次の行に続けて入力できます。",
    ),
    "terminal_system": ("System prompt: {system}", "システムプロンプト: {system}"),
    "terminal_no_system": ("There is no system prompt.", "システムプロンプトはありません。"),
    "terminal_new": ("A new conversation begins.", "新しい会話を始めます。"),
    "terminal_wants_file": (
        "Name a file: {command} conversation.json",
        "ファイル名を指定してください: {command} conversation.json",
    ),
    "terminal_saved": ("Saved in {path}.", "{path} に保存しました。"),
    "terminal_opened": (
        "{path}: {count} messages. Continue with the next one.",
        "{path}: メッセージ {count} 件。続きを入力してください。",
    ),
    # --- python -m gemma_nb prompt
    "prompt_help": (
        "prints the prompt of a conversation in a variant's own format",
        "会話を、バリアント固有の書式のプロンプトにして表示します",
    ),
    "prompt_help_variant": (
        "the variant, for example gemma3_instruct_1b",
        "バリアント(例: gemma3_instruct_1b)",
    ),
    "prompt_help_tools": (
        "a file with the tools' JSON schemas (Gemma 4, FunctionGemma)",
        "ツールの JSON スキーマのファイル(Gemma 4、FunctionGemma)",
    ),
    "prompt_help_guideline": (
        "the guideline for the judgement (ShieldGemma)",
        "判定の基準(ShieldGemma)",
    ),
    "prompt_help_thinking": (
        "let the model think first (Gemma 4)",
        "先に思考させます(Gemma 4)",
    ),
    "prompt_help_tokens": (
        "print the token ids and pieces instead: id, piece, control or text",
        "代わりにトークンの ID とピースを表示します(ID、ピース、control または text)",
    ),
    "prompt_help_file": (
        "messages as JSON: a string, or a list of objects with role and content; - reads standard input",
        "JSON のメッセージ(文字列、または role と content のリスト)。- は標準入力",
    ),
    "prompt_file": (
        "{file} cannot be read: {why}",
        "{file} を読めません: {why}",
    ),
    "prompt_json": (
        "{file} is not JSON ({why}): write a string, or a list of messages like "
        '[{{"role": "user", "content": "Hi"}}].',
        "{file} は JSON ではありません({why})。文字列か、"
        '[{{"role": "user", "content": "Hi"}}] のようなメッセージのリストを書いてください。',
    ),
    "prompt_no_tokenizer": (
        "The tokenizer of {variant} cannot be loaded: {why} Without --tokens no tokenizer is needed.",
        "{variant} のトークナイザーを読み込めません: {why} "
        "--tokens を付けなければトークナイザーは要りません。",
    ),
    # --- python -m gemma_nb compare
    "compare_help": (
        "measures variants and precisions side by side on this machine",
        "バリアントと精度をこのマシンで測って比べます",
    ),
    "compare_help_choices": (
        "what to compare, such as gemma3_instruct_1b:int8; when left out, the four demo models, each also "
        "in int8",
        "比べるもの(例: gemma3_instruct_1b:int8)。省略時は 4 つのデモモデルとその int8",
    ),
    "compare_help_prompt": (
        "what to ask; repeat it for several prompts",
        "質問(複数回指定できます)",
    ),
    "compare_help_reference": (
        "the right answer to each --prompt, in the same order",
        "各 --prompt の正解(同じ順番で)",
    ),
    "compare_help_text": (
        "a text file whose likelihood is measured (bits per byte)",
        "尤度を測るテキストファイル(ビット/バイト)",
    ),
    "compare_help_out": (
        "a folder for the page, the table and the rows; a stopped run continues from it",
        "ページ、表、測定結果を置くフォルダー。中断後はここから再開します",
    ),
    "compare_help_max_new_tokens": (
        "the most tokens of a reply (default {default})",
        "回答の最大トークン数(既定値 {default})",
    ),
    "compare_help_max_length": (
        "tokens of prompt and reply together (default {default})",
        "プロンプトと回答の合計トークン数(既定値 {default})",
    ),
    "compare_help_repeats": (
        "how often speed is measured (default {default})",
        "速度を測る回数(既定値 {default})",
    ),
    "compare_help_fresh": ("measure everything again", "すべて測り直す"),
    "compare_help_force": (
        "also try what does not fit",
        "収まらないものも試す",
    ),
    "compare_text_file": (
        "The text {file} cannot be read: {why}.",
        "テキスト {file} を読めません: {why}。",
    ),
    "compare_written": ("Written: {files}", "書き出し: {files}"),
}
