"""Sentences of comparisons and plots."""

TEXT = {
    # --- comparisons
    "compare_no_choices": (
        "There is nothing to compare: give at least one variant, such as 'gemma3_instruct_1b:int8'.",
        "比べるモデルがありません。'gemma3_instruct_1b:int8' のように 1 つ以上指定してください。",
    ),
    "compare_not_a_choice": (
        "A {kind} cannot be compared: give names with or without a precision ('gemma3_instruct_1b:int8'), "
        "Choice objects or loaded models, in a list.",
        "{kind} は指定できません。名前('gemma3_instruct_1b:int8' のように精度も可)、Choice、読み込み"
        "済みのモデルをリストで指定してください。",
    ),
    "compare_twice": (
        "{label} appears twice with the same max_length: name each choice once.",
        "{label} が同じ max_length で 2 回あります。同じものは 1 回だけ指定してください。",
    ),
    "compare_unloaded": (
        "The model {name} was unloaded: load it again, or give its name instead.",
        "モデル {name} は解放済みです。もう一度読み込むか、名前で指定してください。",
    ),
    "compare_no_prompts": (
        "There is nothing to ask: give at least one prompt.",
        "質問がありません。プロンプトを 1 つ以上指定してください。",
    ),
    "compare_empty_prompt": (
        "Prompt {number} is empty: write what to ask the models.",
        "{number} 番目のプロンプトが空です。モデルへの質問を書いてください。",
    ),
    "compare_bad_prompt": (
        "Prompt {number} cannot be sent to {name}: {why}",
        "{number} 番目のプロンプトは {name} では使えません。{why}",
    ),
    "compare_references": (
        "There are {references} references for {prompts} prompts: give one for each, None where there "
        "is none.",
        "プロンプト {prompts} 個に対して参照解答が {references} 個です。1 つずつ対応させ、無いところは "
        "None にしてください。",
    ),
    "compare_bad_reference": (
        "{value} is not a reference: give the right answer as text, or None.",
        "{value} は参照解答にできません。正解の文字列か None を指定してください。",
    ),
    "compare_bad_text": (
        "text must be a string that is not empty (this is a {kind}); read a file with Path(…).read_text() "
        "first.",
        "text には空でない文字列が必要です({kind} でした)。ファイルなら先に Path(…).read_text() で"
        "読んでください。",
    ),
    "compare_bad_number": (
        "{name} must be a whole number, 1 or more, not {value!r}.",
        "{name} は 1 以上の整数にしてください({value!r} でした)。",
    ),
    "compare_other_run": (
        "{folder} holds another comparison, or one from another machine: give another path, or fresh=True "
        "to replace it.",
        "{folder} には別の比較(または別のマシンでの比較)があります。別の path を指定するか、fresh=True "
        "で置き換えてください。",
    ),
    "compare_not_empty": (
        "{folder} holds other files: give a folder that is new, empty, or holds a comparison.",
        "{folder} にはほかのファイルがあります。新しいフォルダーか、空のフォルダー、または比較用のフォルダーを"
        "指定してください。",
    ),
    "compare_busy": (
        "Another process is using {folder}: wait for it, or give another path.",
        "別のプロセスが {folder} を使っています。終わるのを待つか、別の path を指定してください。",
    ),
    "compare_folder": (
        "The rows cannot be saved in {folder}: {why}. Give another path.",
        "{folder} に結果を保存できません: {why}。別の path を指定してください。",
    ),
    "compare_unwritable": (
        "{path} cannot be written: {why}. Give another path.",
        "{path} に書き込めません: {why}。別の場所を指定してください。",
    ),
    "compare_unreadable": (
        "{path} cannot be read as a comparison ({why}): give a file that Comparison.to_json wrote.",
        "{path} は比較結果として読めません({why})。Comparison.to_json が書いたファイルを指定してください。",
    ),
    "compare_no_pandas": (
        "pandas is not installed: run pip install pandas, or use records(), which needs no package.",
        "pandas がインストールされていません。pip install pandas を実行するか、pandas の要らない "
        "records() を使ってください。",
    ),
    "compare_kept_at": (
        "Finished rows are kept in {folder}; if the run stops, the same call continues there.",
        "測定済みの行は {folder} に保存します。中断後に同じ呼び出しをすると続きから再開します。",
    ),
    "compare_interrupted": (
        "Interrupted: the finished rows are kept, and the same call continues with the rest.",
        "中断しました。測定済みの行は保存してあり、同じ呼び出しで残りを続けられます。",
    ),
    "compare_waiting": ("the run was interrupted before it", "ここに来る前に中断されました"),
    "compare_killed": (
        "The process ended {count} times while this was measured, perhaps because the system's memory ran "
        "out, so it was skipped. Pass fresh=True to try again.",
        "測定中にプロセスが {count} 回終了したため省きました(システムのメモリ不足の可能性があります)。"
        "もう一度試すには fresh=True を指定してください。",
    ),
    "compare_failed": ("{doing} failed: {why}.", "{doing}に失敗しました: {why}。"),
    "compare_devices": (
        "divided over {devices} devices; the memory is that of one",
        "デバイス {devices} 個に分けて載せました。メモリは 1 個あたりです",
    ),
    "compare_encoder": (
        "text and agreement are not measured for a model with an encoder",
        "エンコーダーのあるモデルでは、テキストの評価と精度どうしの比較は行いません",
    ),
    "compare_out_of_memory": (
        "memory ran out; a smaller precision, variant or max_length would help",
        "メモリが足りません。より小さい精度、モデル、max_length なら動く可能性があります",
    ),
    "compare_doing_load": ("loading", "読み込み"),
    "compare_doing_first": ("the first token", "最初のトークンの生成"),
    "compare_doing_speed": ("timing", "速度の測定"),
    "compare_doing_answer": ("answering", "回答の生成"),
    "compare_doing_text": ("reading the text", "テキストの評価"),
    "compare_doing_agreement": ("comparing the precisions", "精度どうしの比較"),
    "compare_doing_unload": ("unloading", "解放"),
    "compare_done": ("measured", "測定済み"),
    "compare_status_misfit": ("does not fit", "収まりません"),
    "compare_status_failed": ("failed", "失敗"),
    "compare_status_waiting": ("not measured", "未測定"),
    "compare_head_variant": ("variant", "バリアント"),
    "compare_head_precision": ("precision", "精度"),
    "compare_head_load": ("load, s", "読み込み(秒)"),
    "compare_head_cold": ("first token, cold, s", "最初のトークン 初回(秒)"),
    "compare_head_warm": ("first token, warm, ms", "最初のトークン 2\u00a0回目〜(ミリ秒)"),
    "compare_head_speed": ("tokens/s (spread)", "トークン/秒(範囲)"),
    "compare_head_device": ("device peak", "デバイス 実測"),
    "compare_head_device_predicted": ("device, predicted", "デバイス 予測"),
    "compare_head_host": ("host peak", "ホスト 実測"),
    "compare_head_host_predicted": ("host, predicted", "ホスト 予測"),
    "compare_head_exact": ("exact", "一致"),
    "compare_head_contains": ("contains", "含む"),
    "compare_head_bits": ("bits/byte", "ビット/バイト"),
    "compare_head_same": ("same token as", "トークン一致(比較先)"),
    "compare_head_divergence": ("KL, bits", "KL ビット"),
    "compare_head_output": ("reply", "回答"),
    "compare_about_speed": ("Speed", "速度"),
    "compare_about_memory": ("Memory", "メモリ"),
    "compare_about_quality": ("Quality", "品質"),
    "compare_prompt": ("Prompt {number}: {prompt}", "プロンプト {number}: {prompt}"),
    "compare_reference": ("reference: {reference}", "参照解答: {reference}"),
    "compare_empty": ("(empty)", "(空)"),
    "compare_mark_exact": ("equal to the reference", "参照解答と一致"),
    "compare_mark_contains": ("contains the reference", "参照解答を含む"),
    "compare_mark_wrong": ("does not contain the reference", "参照解答を含まない"),
    "compare_measured_on": (
        "Measured on {device} ({memory} usable), {packages}, Python {python}, {date}.",
        "測定環境: {device}(使用可能 {memory})、{packages}、Python {python}、{date}。",
    ),
    "compare_how_speed": (
        "Tokens per second: one conversation, after the first token, 64 tokens or what max_length leaves; the "
        "median of {repeats} repeats, in brackets the lowest and the highest. The warm first token is the median "
        "of the same repeats.",
        "トークン/秒: 1 つの会話で、最初のトークンの後、64 トークン(または max_length の残り)を生成した速度。"
        "{repeats} 回の中央値で、括弧内は最低と最高です。2 回目以降の最初のトークンも同じ測定の中央値です。",
    ),
    "compare_how_cold": (
        "The cold first token is that of the first call after loading: what loading had not compiled yet "
        "is compiled in it, or found where an earlier process had compiled it.",
        "初回の最初のトークンは、読み込み後の最初の呼び出しの時間です。読み込み中にコンパイルされなかった"
        "もののコンパイル(または以前のプロセスがコンパイルしたプログラムの読み出し)を含みます。",
    ),
    "compare_how_memory": (
        "Peaks are of loading and generating. The host's is of the whole process, with Python, its packages "
        "and what earlier rows left in memory.",
        "ピークは読み込みと生成の間のものです。ホストのピークはプロセス全体で、Python、パッケージ、前の行の"
        "残りを含みます。",
    ),
    "compare_how_sampled": (
        "≥: read every 10 ms, because JAX keeps one peak for the whole process and that of an earlier row "
        "was higher; the true peak may be higher.",
        "≥: JAX のピークはプロセス全体で 1 つしかなく、前の行の方が高かったため、10 ミリ秒ごとに読み取った値"
        "です。実際のピークはこれより高い可能性があります。",
    ),
    "compare_how_answers": (
        "Replies are greedy, of at most {tokens} tokens.",
        "回答は貪欲法で、最大 {tokens} トークンです。",
    ),
    "compare_how_scores": (
        "Exact: the whole reply equals the reference. Contains: the reference is somewhere in it; case, "
        "width and spaces are ignored.",
        "一致: 回答全体が参照解答と同じ。含む: 回答のどこかに参照解答がある(大文字小文字、全角半角、空白の"
        "違いは無視)。",
    ),
    "compare_how_bits": (
        "Bits per byte: mean negative log-likelihood of a text of {count} bytes, sent without a template; less is "
        "better, and it compares across tokenizers.",
        "ビット/バイト: {count} バイトのテキストをテンプレートなしで与えたときの負の対数尤度の平均です。小さい"
        "ほど良く、トークナイザーが違っても比べられます。",
    ),
    "compare_how_agreement": (
        "Same token: along the same replies, the share of positions at which this precision finds the same token "
        "likeliest as the highest precision of the variant that was measured. KL: mean Kullback-Leibler divergence "
        "of the next token from that one to this one.",
        "トークン一致: 同じ回答をたどったとき、測定した中で最高の精度と最有力トークンが一致した位置の割合です。"
        "KL: 最高の精度からこの精度への、次トークン分布の KL ダイバージェンスの平均です。",
    ),
    "compare_page_title": ("Comparison of {count} choices", "{count} 件の比較"),
    "compare_page_table": ("Table", "表"),
    "compare_page_plots": ("Plots", "グラフ"),
    "compare_page_replies": ("Replies", "回答"),
    "compare_page_how": ("How it was measured", "測定方法"),
    "compare_page_made": ("Made with", "作成コマンド"),
    # --- plots
    "plot_better_costs_title": (
        "What better costs: better choices are further up",
        "よりよい選択の代償(上ほど良い)",
    ),
    "plot_speed_quality_title": ("Speed and quality", "速度と品質"),
    "plot_memory_title": (
        "Memory: predicted parts and measured peak",
        "メモリ: 予測の内訳と実測ピーク",
    ),
    "plot_memory_predicted_title": ("Memory, as predicted", "メモリの予測"),
    "plot_latency_title": ("Time to the first token", "最初のトークンまでの時間"),
    "plot_speed_title": ("Generation speed", "生成速度"),
    "plot_next_token_title": ("What may come next", "次に来るトークンの候補"),
    "plot_tokens_per_second": ("tokens per second", "トークン/秒"),
    "plot_each_of_devices": ("on each of {devices} devices", "デバイス {devices} 個それぞれ"),
    "plot_milliseconds": ("milliseconds (logarithmic)", "ミリ秒(対数目盛)"),
    "plot_memory": ("memory", "メモリ"),
    "plot_probability": ("probability", "確率"),
    "plot_quality_exact": ("answers equal to the reference", "参照解答と一致した割合"),
    "plot_quality_contains": ("answers that contain the reference", "参照解答を含む割合"),
    "plot_quality_bits": (
        "bits per byte of the text (better upwards)",
        "テキスト 1 バイトあたりのビット数(上ほど良い)",
    ),
    "plot_quality_same": (
        "same token as the highest precision",
        "最高精度と同じトークンになる割合",
    ),
    "plot_part_weights": ("weights", "重み"),
    "plot_part_encoders": ("vision and audio", "画像・音声"),
    "plot_part_kv_cache": ("KV cache", "KV キャッシュ"),
    "plot_part_workspace": ("workspace", "作業領域"),
    "plot_part_overhead": ("overhead", "オーバーヘッド"),
    "plot_part_python": ("Python and packages", "Python とパッケージ"),
    "plot_measured": ("measured peak", "実測ピーク"),
    "plot_available": ("available here", "ここで使える量"),
    "plot_available_far": (
        "Available here: {value}, beyond the right edge.",
        "ここで使える量: {value}(右端の外)",
    ),
    "plot_cold": ("first call", "初回"),
    "plot_warm": ("later calls", "2 回目以降"),
    "plot_before": ("as the model says", "モデルの出力"),
    "plot_after": ("after sampling settings", "サンプリング設定の適用後"),
    "plot_no_japanese_font": (
        "No Japanese font was found here, so the labels are in English.",
        "日本語フォントが見つからないため、ラベルは英語です。",
    ),
    "plot_lengths": (
        "A plot needs the same number of values of each kind; these are {lengths}. Give lists of the same "
        "length.",
        "グラフには同じ個数の値が必要ですが、個数は {lengths} です。すべてのリストの長さをそろえてください。",
    ),
    "plot_no_probability": (
        "{value} is not a probability: give numbers from 0 to 1.",
        "{value} は確率ではありません。0 から 1 の数を指定してください。",
    ),
    "plot_nothing": (
        "There is nothing to draw: no row has {what}.",
        "描くものがありません。{what}のある行がありません。",
    ),
    "plot_what_speed": ("a measured speed", "速度の測定値"),
    "plot_what_quality": (
        "a score (give references or text, or one variant in several precisions)",
        "品質の値(references か text を指定するか、同じモデルを複数の精度で比べてください)",
    ),
    "plot_what_rows": ("anything", "測定値"),
}
