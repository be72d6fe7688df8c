"""Sentences of the main job."""

TEXT = {
    "cli_description": (
        "Looks at this machine, says which Gemma fits, loads the demo model, shows it a formatted "
        "prompt and streams its answer. No account, no download, no accelerator.",
        "このマシンを調べ、動く Gemma を示し、デモモデルを読み込み、プロンプトを見せて返答を流します。"
        "アカウントもダウンロードもアクセラレータも不要です。",
    ),
    "cli_help_lang": ("language of all sentences", "表示する言語"),
    "cli_help_ask": ("what to ask the demo model", "デモモデルへの質問"),
    "cli_commands": ("commands", "コマンド"),
    "tour_hardware": (
        "This machine (and where each fact was read)",
        "このマシン（括弧内は情報の出どころ）",
    ),
    "tour_fits": (
        "Gemma variants around its limit (prompt and reply up to 2,048 tokens)",
        "メモリの限界付近の Gemma（プロンプトと返答で 2,048 トークンまで）",
    ),
    "tour_of": ("of {available}", "/ {available}"),
    "tour_fits_status": ("fits", "動きます"),
    "tour_tight_status": ("fits, tight", "動きます（余裕なし）"),
    "tour_no_status": ("does not fit", "入りません"),
    "tour_recommended": (
        "Recommended here: {variant} in {precision}",
        "おすすめ: {variant}（{precision}）",
    ),
    "tour_load_it": (
        "Load it with gemma_nb.load({variant!r}). Now the demo model, which needs no account and "
        "no download:",
        "gemma_nb.load({variant!r}) で読み込めます。ここからは、アカウントもダウンロードも不要な"
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
    "tour_answer": ("The answer, as it is generated", "生成される返答"),
    "tour_question": (
        "What is the capital of Japan?",
        "日本の首都はどこですか？",
    ),
    "tour_speed": (
        "First token after {first} ms (and {compile} s of compiling, once), then {rate} tokens per "
        "second: {tokens} tokens.",
        "最初のトークンまで {first} ミリ秒（ほかに初回のコンパイル {compile} 秒）、その後は毎秒 "
        "{rate} トークン、全 {tokens} トークン。",
    ),
    "tour_speed_one": (
        "First token after {first} ms (and {compile} s of compiling, once); {tokens} token in all.",
        "最初のトークンまで {first} ミリ秒（ほかに初回のコンパイル {compile} 秒）、全 {tokens} "
        "トークン。",
    ),
}
