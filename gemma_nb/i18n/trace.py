"""Sentences of ``trace`` and of its panel: what happens inside a model."""

TEXT = {
    # --- the arguments of trace
    "trace_wants_model": (
        "trace looks inside a loaded model, not a {kind}. Load one first: model = gnb.load(…).",
        "trace に渡せるのは読み込み済みのモデルです({kind} は使えません)。先に model = gnb.load(…) で"
        "読み込んでください。",
    ),
    "trace_unloaded": (
        "{name} was unloaded, so its layers cannot be read. Load it again and call trace again.",
        "{name} はメモリから解放されているため、層を調べられません。もう一度読み込んでから trace を"
        "呼んでください。",
    ),
    "trace_no_decoder": (
        "{name} is not a decoder: it does not predict each token from the tokens before it. trace "
        "needs a variant that does, for example gemma3_instruct_1b.",
        "{name} はデコーダーではなく、前のトークンから次のトークンを予測しません。trace には、たとえば "
        "gemma3_instruct_1b のような、予測するモデルを使ってください。",
    ),
    "trace_bidirectional": (
        "{name} reads its prompt in both directions, so a token has no probability that depends on earlier "
        "tokens only. trace needs a variant that reads in one direction, for example gemma3_instruct_1b.",
        "{name} はプロンプトを両方向に読むので、前のトークンだけから決まる確率がありません。trace には、"
        "たとえば gemma3_instruct_1b のような、一方向に読むモデルを使ってください。",
    ),
    "trace_text_only": (
        "trace takes text only: leave the images and clips out.",
        "trace が受け取れるのはテキストだけです。画像と音声は除いてください。",
    ),
    "trace_reply": (
        'reply is the text of a reply, or None for one that the model writes, not a {kind}. Pass "" '
        "to look at the prompt alone.",
        'reply は回答の文章です。None ならモデルが書きます。{kind} は使えません。プロンプトだけを調べるには "" '
        "を渡してください。",
    ),
    "trace_count": (
        "count is the number of likeliest tokens to keep for each token: a whole number from 1 to "
        "{limit}, not {value!r}.",
        "count は各トークンについて残す候補の数で、1 から {limit} までの整数です。{value!r} は使えません。",
    ),
    "trace_too_long": (
        "Prompt and reply have {tokens} tokens, {over} more than trace can read here ({most}). Shorten "
        "them; up to 1,024 tokens, a larger max_length in load also helps.",
        "プロンプトと回答は合わせて {tokens} トークンで、ここで trace が読める {most} トークンを {over} "
        "超えています。短くしてください。1,024 トークンまでは、load の max_length を大きくする方法もあります。",
    ),
    "trace_layer": (
        "layer is the index of a layer, a whole number from 0 to {last}, not {value!r}.",
        "layer は層の番号で、0 から {last} までの整数です。{value!r} は使えません。",
    ),
    # --- what a trace shows of itself
    "trace_summary": (
        "{name}: {tokens} tokens, {layers} layers ({sliding} sliding, {glob} global), {heads} heads each",
        "{name}: {tokens} トークン、{layers} 層(スライディング {sliding}、グローバル {glob})、"
        "各層 {heads} ヘッド",
    ),
    "trace_hint": (
        "Look further: lens(layer) is what the model would say after a layer, attention(layer) how "
        "much its tokens attend to each other. gnb.TracePanel shows all of it.",
        "さらに調べるには: lens(layer) はその層で終えた場合の予測、attention(layer) はトークン間のアテンション"
        "です。gnb.TracePanel ならすべて画面で見られます。",
    ),
    "trace_number": ("No.", "番号"),
    "trace_token": ("Token", "トークン"),
    "trace_chance": ("Probability", "確率"),
    "trace_expected": ("Likeliest", "有力な候補"),
    # --- the panel
    "trace_title": ("Inside {name}", "{name} の内部"),
    "trace_intro": (
        "How sure is the model of each token, when does it know, and where does it look?",
        "モデルは各トークンにどれだけ自信があるのか、いつ分かるのか、どこを見ているのか。",
    ),
    "trace_question": ("Question", "質問"),
    "trace_run": ("Look inside", "内部を見る"),
    "trace_busy": ("Running the model …", "モデルを実行しています…"),
    "trace_done": ("{tokens} tokens were read.", "{tokens} トークンを読みました。"),
    "trace_failed": ("The trace failed.", "調べられませんでした。"),
    "trace_unexpected": (
        "{kind}: {why}. This is an error of gemma_nb or of a library; please report it.",
        "{kind}: {why}。gemma_nb かライブラリの不具合です。お知らせください。",
    ),
    "trace_source": (
        "TracePanel shows a Trace or a loaded model, not a {kind}. Make one: gnb.trace(model, …).",
        "TracePanel に渡せるのは Trace か読み込み済みのモデルです({kind} は使えません)。gnb.trace(model, …) で"
        "作れます。",
    ),
    "trace_of_model_only": (
        "A Trace has its messages already: give TracePanel a model to trace other messages.",
        "Trace にはすでにメッセージが含まれています。ほかのメッセージを調べるには、TracePanel にモデルを"
        "渡してください。",
    ),
    "trace_view": ("Show", "表示"),
    "trace_view_words": ("Probabilities", "確率"),
    "trace_view_layers": ("Layer by layer", "層ごと"),
    "trace_view_attention": ("Attention", "アテンション"),
    "trace_bad_view": (
        'There is no view {value!r}. The views are "words", "layers" and "attention".',
        '{value!r} という表示はありません。"words"、"layers"、"attention" があります。',
    ),
    "trace_bad_head": (
        "head is the index of an attention head, from 0 to {last}, or None for the mean of all, not "
        "{value!r}.",
        "head はアテンションヘッドの番号で、0 から {last} まで、None なら全ヘッドの平均です。{value!r} は"
        "使えません。",
    ),
    "trace_bad_token": (
        "token is the number of a token, from 0 to {last}, or None for all, not {value!r}.",
        "token はトークンの番号で、0 から {last} まで、None ならすべてです。{value!r} は使えません。",
    ),
    # words
    "trace_prompt": ("Prompt", "プロンプト"),
    "trace_reply_head": ("Reply", "回答"),
    "trace_words_hint": (
        "Point at a token, or move to it with the Tab key, to see what the model expected there.",
        "トークンにマウスを合わせるか Tab キーで移動すると、モデルがそこで予想していたものが見えます。",
    ),
    "trace_legend": (
        "Probability of a token. The less the model expected it, the thicker the line below it:",
        "トークンの確率。予想外のトークンほど下線が太くなります:",
    ),
    "trace_legend_cells": ("Colour: the probability in the cell.", "色: セルの確率。"),
    "trace_level_4": ("90% or more", "90% 以上"),
    "trace_level_3": ("50 to 90%", "50〜90%"),
    "trace_level_2": ("10 to 50%", "10〜50%"),
    "trace_level_1": ("1 to 10%", "1〜10%"),
    "trace_level_0": ("below 1%", "1% 未満"),
    "trace_detail": ("Token {number}, {piece}: {chance}", "トークン {number}「{piece}」: {chance}"),
    "trace_detail_first": (
        "Token {number}, {piece}: every text begins with it, so it has no probability.",
        "トークン {number}「{piece}」: どの文章もこれで始まるので、確率はありません。",
    ),
    "trace_detail_next": ("What the model expects next:", "モデルが次に予想するもの:"),
    "trace_next": ("what comes next?", "次は？"),
    "trace_no_reply": ("(no reply)", "(回答なし)"),
    # layers
    "trace_layers_intro": (
        "Each cell is what the model would say next if it ended after that layer: its final norm and its "
        "output layer are applied to what the layer passes on (the logit lens). A check mark means that the "
        "text really continues so.",
        "各セルは、その層で終えたとしたらモデルが次に言うトークンです。層の出力に最後の正規化と出力層を"
        "当てはめています(logit lens)。チェック印は、文章が実際にそう続くことを示します。",
    ),
    "trace_columns": ("Tokens in the table", "表のトークン"),
    "trace_part": ("Part of the text", "文章の範囲"),
    "trace_part_prompt": (
        "Prompt, {first} to {last}: {begin} …",
        "プロンプト {first}〜{last}: {begin} …",
    ),
    "trace_part_reply": ("Reply, {first} to {last}: {begin} …", "回答 {first}〜{last}: {begin} …"),
    "trace_layer_head": ("After layer", "層の後"),
    "trace_after_token": ("{number}: after {piece}", "{number}: {piece} の後"),
    "trace_sliding": ("sliding, {window}", "スライディング {window}"),
    "trace_global": ("global", "グローバル"),
    "trace_kinds": (
        "A sliding layer sees only the last tokens, as many as its number says. A global layer, marked ◆, "
        "sees all of them.",
        "スライディング層は、数字で示した個数の直近のトークンだけを見ます。グローバル層(◆ 印)はすべての"
        "トークンを見ます。",
    ),
    "trace_says": ("what the model says", "モデルの答え"),
    "trace_right": ("this comes next in the text", "実際の続き"),
    # attention
    "trace_attention_intro": (
        "The thicker a line, the more the token on the right takes from the token on the left. In many "
        "heads, most of the attention goes to the first token: a head looks there when nothing else "
        "matters.",
        "線が太いほど、右のトークンは左のトークンから多くを受け取ります。多くのヘッドで最初のトークンに集ま"
        "るのは、ほかに見るものがないときの行き先になっているためです。",
    ),
    "trace_pick_layer": ("Layer", "層"),
    "trace_pick_head": ("Head", "ヘッド"),
    "trace_pick_token": ("From token", "どのトークンから"),
    "trace_layer_option": ("{number}: {kind}", "{number}: {kind}"),
    "trace_head_mean": ("mean of all {count} heads", "{count} ヘッドの平均"),
    "trace_head_option": ("head {number}", "ヘッド {number}"),
    "trace_all_tokens": ("all of this part", "この範囲のすべて"),
    "trace_token_option": ("{number}: {piece}", "{number}: {piece}"),
    "trace_earlier": ("({count} earlier)", "(ほかに以前の {count} 個)"),
    "trace_attention_of": ("Layer {layer} ({kind}), {head}", "層 {layer}({kind})、{head}"),
    "trace_from": ("From", "どこから"),
    "trace_to": ("It looks at", "見ている先"),
    "trace_attention_table": ("The same as a table", "同じ内容の表"),
    "trace_attention_none": ("no other token above 1%", "1% を超えるものはありません"),
}
