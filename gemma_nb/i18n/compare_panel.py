"""Sentences of the panel that compares."""

TEXT = {
    "panel_compare_title": ("Compare models", "モデルを比べる"),
    "panel_compare_intro": (
        "Each choice is loaded, measured and unloaded in turn on this machine, so what fits alone can be "
        "compared.",
        "このマシンで 1 つずつ読み込み、測定し、解放します。単独で収まるものなら何でも比べられます。",
    ),
    "panel_compare_choices": ("What to compare", "比べるもの"),
    "panel_compare_variant": ("Variant", "モデル"),
    "panel_compare_precision": ("Precision", "精度"),
    "panel_compare_add": ("Add", "加える"),
    "panel_compare_name": (
        "Or by name, handle or directory, with :precision or without",
        "または名前、ハンドル、ディレクトリ(:精度 も付けられます)",
    ),
    "panel_compare_name_hint": ("gemma3_instruct_1b:int8", "gemma3_instruct_1b:int8"),
    "panel_compare_none": (
        "Nothing is chosen yet: pick a variant above and press Add.",
        "まだ何も選ばれていません。上でモデルを選び、「加える」を押してください。",
    ),
    "panel_compare_remove": ("Remove", "外す"),
    "panel_compare_remove_it": ("Remove {label}", "{label} を外す"),
    "panel_compare_added": ("{label} was added.", "{label} を加えました。"),
    "panel_compare_removed": ("{label} was removed.", "{label} を外しました。"),
    "panel_compare_is_loaded": ("Loaded already", "読み込み済み"),
    "panel_compare_prompts": (
        "Prompts, one a line (⏎ inside a line is a line break)",
        "プロンプト(1 行に 1 つ。行の中の改行は ⏎ と書きます)",
    ),
    "panel_compare_references": (
        "Right answers, on the same lines (optional)",
        "正解(同じ行に。なくてもかまいません)",
    ),
    "panel_compare_text": (
        "A text whose likelihood is measured, which compares models fairly (optional)",
        "尤度を測るテキスト。モデルどうしを公平に比べられます(なくてもかまいません)",
    ),
    "panel_compare_max_new_tokens": ("Tokens of a reply, at most", "返答の最大トークン数"),
    "panel_compare_max_length": (
        "Tokens, prompt and reply together",
        "トークン数、プロンプトと返答の合計",
    ),
    "panel_compare_repeats": ("Repeats of timing", "速度を測る回数"),
    "panel_compare_first_prompts": (
        "What is the capital of Japan?\nPlease count from 73 to 80",
        "日本の首都はどこですか？\n73から80まで数えてください",
    ),
    "panel_compare_first_answers": (
        "Tokyo\n73, 74, 75, 76, 77, 78, 79, 80",
        "東京\n73, 74, 75, 76, 77, 78, 79, 80",
    ),
    "panel_compare_conversation": (
        "Prompt {number} is no text ({kind}): the panel takes one string a prompt; gnb.compare takes "
        "conversations too.",
        "{number} 番目のプロンプトが文字列ではありません({kind})。このパネルには文字列を指定してください。"
        "会話は gnb.compare で比べられます。",
    ),
    "panel_compare_lone_reference": (
        "Line {number} has a right answer but no prompt: put both on the same line.",
        "{number} 行目に正解がありますが、プロンプトがありません。同じ行にそろえてください。",
    ),
    "panel_compare_start": ("Compare", "比べる"),
    "panel_compare_stop": ("Stop after this row", "この行で停止"),
    "panel_compare_waits": ("Waiting for the kernel …", "カーネルを待っています…"),
    "panel_compare_busy": (
        "Row {number} of {count}: {label}, {doing}.",
        "{count} 件中 {number} 件目: {label}({doing})",
    ),
    "panel_compare_how_to_stop": (
        "Stop ends the run once this row is finished, the kernel's own stop button at once.",
        "「この行で停止」はこの行が終わってから、カーネルの停止ボタンはすぐに止めます。",
    ),
    "panel_compare_stopping": (
        "It ends once this row is finished.",
        "この行が終わったら停止します。",
    ),
    "panel_compare_progress": ("Progress of the comparison", "比較の進み具合"),
    "panel_compare_row_done": (
        "{label}: {state}, {number} of {count}.",
        "{label}: {state}、{count} 件中 {number} 件目。",
    ),
    "panel_compare_ready": (
        "Done: {done} of {count} measured. In code: {name}.comparison",
        "終わりました。{count} 件中 {done} 件を測定しました。コードからは {name}.comparison で使えます。",
    ),
    "panel_compare_stopped": (
        "Stopped: {done} of {count} are measured and kept; Compare goes on with the rest.",
        "停止しました。{count} 件中 {done} 件は測定済みで保存してあります。「比べる」で残りを続けられます。",
    ),
    "panel_compare_stopped_early": (
        "Stopped before the first row was finished; Compare begins again.",
        "最初の行が終わる前に停止しました。「比べる」でもう一度始められます。",
    ),
    "panel_compare_failed": ("That did not work.", "うまくいきませんでした。"),
    "panel_compare_unexpected": ("{kind}: {why}", "{kind}: {why}"),
    "panel_compare_results": ("Results", "結果"),
    "panel_compare_no_results": (
        "Nothing was compared yet: press Compare.",
        "まだ比べていません。「比べる」を押してください。",
    ),
    "panel_compare_status": ("status", "状態"),
    "panel_compare_waiting": ("waits", "待機中"),
    "panel_compare_tabs": ("Show", "表示"),
    "panel_compare_tab_replies": ("Replies", "返答"),
    "panel_compare_tab_plots": ("Plots", "グラフ"),
    "panel_compare_tab_how": ("How it was measured", "測定方法"),
    "panel_compare_tab_save": ("Save, code", "保存とコード"),
    "panel_compare_no_plots": (
        "Plots are drawn once the run has ended with a measured row.",
        "グラフは、測定済みの行がある状態で比較が終わると表示されます。",
    ),
    "panel_compare_no_reply": ("no reply: {why}", "返答なし: {why}"),
    "panel_compare_plot_alt": ("{title}. {values}", "{title}。{values}"),
    "panel_compare_save_html": ("Save a web page", "ウェブページを保存"),
    "panel_compare_save_csv": ("Save CSV", "CSV を保存"),
    "panel_compare_save_json": ("Save JSON", "JSON を保存"),
    "panel_compare_save_md": ("Save Markdown", "Markdown を保存"),
    "panel_compare_no_how": (
        "This is told once the run has ended.",
        "比較が終わると表示されます。",
    ),
    "panel_compare_saved": ("Saved: {path}", "保存しました: {path}"),
    "panel_compare_code": ("The same in code", "同じことをするコード"),
}
