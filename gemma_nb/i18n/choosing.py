"""Sentences of recommendations: tasks, reasons, prices, the table."""

TEXT = {
    # recommendations
    "unknown_task": (
        "There is no task {task!r}. The nearest: {near}. All tasks: {all}.",
        "用途 {task!r} はありません。近いもの: {near}。指定できるのは {all} です。",
    ),
    "nothing_fits": (
        "Not even the demo model fits on {runtime}: it takes {needed} with Python and its "
        "packages, and there are {available}. Close other programs, or choose another runtime.",
        "{runtime} にはデモモデルも収まりません。Python とパッケージを含めて {needed} 必要ですが、"
        "{available} しかありません。ほかのプログラムを終了するか、別の実行環境を選んでください。",
    ),
    "why_chat": (
        "{variant} is the newest core instruction-tuned Gemma with the fewest parameters. {fit}",
        "{variant} は、最新のコア Gemma の指示チューニング版のうちパラメータが最も少ないものです。{fit}",
    ),
    "why_processor": (
        "{reason} In float32, because a processor computes in 32 bit: the guide's 16-bit format, "
        "bfloat16, was measured there only for models that write a reply. It takes half the memory.",
        "{reason}float32 にしたのは、CPU が 32 ビットで計算するためです。ガイドの言う 16 ビット(bfloat16)は、"
        "CPU では回答を生成するモデルでしか測定していません。メモリは半分で済みます。",
    ),
    "why_float16": (
        "{reason} In float16, because a GPU of compute capability {capability} computes it itself, and "
        "bfloat16 through float32. Others report that it works; not measured here.",
        "{reason}float16 にしたのは、Compute Capability {capability} の GPU が float16 を直接計算でき、"
        "bfloat16 は float32 を介するためです。動作するとの報告がありますが、ここでは測定していません。",
    ),
    "why_phone": (
        "{reason} That is in LiteRT-LM, with {bits} bits a parameter: KerasHub does not run on a "
        "phone. LiteRT-LM's file of Gemma 4 E2B takes 2.6 GB, and Google's app AI Edge Gallery, which "
        "runs it, asks for a phone with 8 GB (google-ai-edge/gallery, 2026-11).{price}",
        "{reason}これは LiteRT-LM での大きさ(1 パラメータあたり {bits} ビット)です。KerasHub は"
        "スマートフォンでは動きません。LiteRT-LM の Gemma 4 E2B のファイルは 2.6 GB で、これを動かす Google の"
        "アプリ AI Edge Gallery は 8 GB のスマートフォンを求めています(google-ai-edge/gallery、2026-11)。"
        "{price}",
    ),
    "why_older": (
        "Nothing newer of its kind fits here with room to spare; {variant} is {why}. {fit}",
        "これより新しい同種のものは、ここには余裕をもって収まりません。{variant} は{why}。{fit}",
    ),
    "why_chat_older": (
        "the newest core instruction-tuned Gemma that does, with the fewest parameters",
        "余裕をもって収まる最新のコア Gemma の指示チューニング版のうち、パラメータが最も少ないものです",
    ),
    "why_code": (
        "{variant} is trained to fill in the middle of code, and is the smallest that is. {fit}",
        "{variant} はコードの途中を補完するよう学習された、最も小さいモデルです。{fit}",
    ),
    "why_code_older": (
        "trained to fill in the middle of code",
        "コードの途中を補完するよう学習されています",
    ),
    "why_image": (
        "{variant} is the newest core Gemma that sees images, with the fewest parameters. {fit}",
        "{variant} は、画像を扱える最新のコア Gemma のうちパラメータが最も少ないものです。{fit}",
    ),
    "why_image_older": (
        "the newest that fits and sees images",
        "収まる中で最も新しい、画像を扱えるモデルです",
    ),
    "why_audio": (
        "{variant} is the newest Gemma that hears audio, with the fewest parameters. {fit}",
        "{variant} は、音声を扱える最新の Gemma のうちパラメータが最も少ないものです。{fit}",
    ),
    "why_audio_older": (
        "the newest that fits and hears audio",
        "収まる中で最も新しい、音声を扱えるモデルです",
    ),
    "why_translation": (
        "{variant} is made for translation and nothing else, and is the smallest that is. {fit}",
        "{variant} は翻訳専用に作られたモデルのうち最も小さいものです。{fit}",
    ),
    "why_translation_older": ("made for translation", "翻訳用に作られています"),
    "why_functions": (
        "{variant} is trained for function calls alone; it is small, and made to be tuned on your "
        "own functions. {fit}",
        "{variant} は関数呼び出し専用に学習された小さなモデルで、自分の関数に合わせてチューニングする"
        "ことを前提としています。{fit}",
    ),
    "why_functions_older": ("trained for function calls", "関数呼び出し用に学習されています"),
    "why_safety": (
        "{variant} judges a text against a safety policy, and is the smallest that does. {fit}",
        "{variant} は安全ポリシーに照らしてテキストを判定するモデルのうち最も小さいものです。{fit}",
    ),
    "why_safety_older": ("made to judge safety", "安全性の判定用に作られています"),
    "why_embedding": (
        "{variant} turns texts into vectors for search and comparison. {fit}",
        "{variant} はテキストを検索や比較のためのベクトルに変えるモデルです。{fit}",
    ),
    "why_embedding_older": ("made for embeddings", "埋め込み用に作られています"),
    "why_medical": (
        "{variant} is trained on medical text and images; it is a base to build on, not a "
        "doctor. {fit}",
        "{variant} は医療のテキストと画像で学習されています。開発の土台であり、医師の代わりにはなり"
        "ません。{fit}",
    ),
    "why_medical_older": ("trained on medical text", "医療テキストで学習されています"),
    "why_statistics": (
        "{variant} is trained to ask Data Commons for numbers instead of recalling them. {fit}",
        "{variant} は数値を記憶から答える代わりに Data Commons に問い合わせるよう学習されています。{fit}",
    ),
    "why_statistics_older": (
        "trained to ask Data Commons for numbers",
        "Data Commons に数値を問い合わせるよう学習されています",
    ),
    "why_tuning": (
        "{variant} is the newest core Gemma with the fewest parameters, pretrained and so ready "
        "for your own examples (with few of them, tune its instruction-tuned sibling). Tune in "
        "full precision and quantise afterwards: the rule of 16 bit is for running. {fit}",
        "{variant} は最新のコア Gemma のうちパラメータが最も少ない事前学習版で、自分のデータでの"
        "チューニングに向きます(データが少なければ指示チューニング版を使います)。チューニングは完全な"
        "精度で行い、量子化はその後にします。16 ビットという目安は実行時のものです。{fit}",
    ),
    "why_tuning_older": (
        "the newest core Gemma that can be tuned here in full precision (quantise afterwards: the "
        "rule of 16 bit is for running), with the fewest parameters",
        "ここで完全な精度でチューニングできる(量子化はその後にします。16 ビットという目安は実行時の"
        "ものです)最新のコア Gemma のうち、パラメータが最も少ないものです",
    ),
    "tuning_fits": (
        "Tuning {variant} with LoRA takes about {needed} of {available} on {runtime}, and tuning all "
        "its parameters about {whole} (computed, not measured).",
        "{variant} の LoRA チューニングには {runtime} の {available} のうち約 {needed}、全パラメータの"
        "チューニングには約 {whole} が必要です(計算値であり、測定値ではありません)。",
    ),
    "why_largest": (
        "The largest of the same kind that fits comfortably. {fit}{price}",
        "同じ種類で余裕をもって収まる最大のものです。{fit}{price}",
    ),
    "why_fastest": (
        "The fastest of the same kind in 16 bit or int8: {speed}. {fit}{price}",
        "同じ種類の 16 ビットまたは int8 のうち最も速いものです: {speed}。{fit}{price}",
    ),
    "why_no_login": (
        "The best here that needs no account. {fit}{price}",
        "アカウントなしで使えるもののうち最適なものです。{fit}{price}",
    ),
    "why_no_login_chat": (
        "Everything made for this needs an account. This needs none, and is for chat. {fit}{price}",
        "この用途のモデルには、すべてアカウントが必要です。これはアカウントのいらないチャット用のモデルです。"
        "{fit}{price}",
    ),
    "why_quantised": (
        "{reason} In {precision}, because 16 bit does not fit here with room.{price}",
        "{reason}16 ビットではここに余裕をもって収まらないため {precision} にしています。{price}",
    ),
    "price_perplexity": (
        " What {precision} costs: {change} perplexity, measured on {about} ({source}); larger models "
        "lose less.",
        "{precision} の代償: {about} での測定でパープレキシティ {change}({source})。大きいモデルほど"
        "損失は小さくなります。",
    ),
    "price_same_token": (
        " What {precision} costs: others found the same most likely token at {share} of the "
        "positions as in 16 bit ({about}; {source}).",
        "{precision} の代償: 16 ビットと最有力トークンが一致する位置は {share} との報告があります"
        "({about}、{source})。",
    ),
    "why_demo": (
        "No released Gemma fits here comfortably; {variant}, the demo model, runs anywhere. {fit} "
        "What would change that: {any_bytes} of memory for {any} in {any_precision}, "
        "{newest_bytes} for {newest} in {newest_precision}; or a free GPU at Colab or Kaggle.",
        "ここに余裕をもって収まる公開済みの Gemma はありません。デモモデル {variant} ならどこでも動きます。"
        "{fit}メモリが {any_bytes} あれば {any}({any_precision})、{newest_bytes} あれば {newest}"
        "({newest_precision})が動きます。Colab や Kaggle の無料 GPU も使えます。",
    ),
    # the table
    "recommend_best": ("Take", "おすすめ"),
    "recommend_fits": ("Fits", "収まる"),
    "recommend_largest": ("Largest", "最大"),
    "recommend_fastest": ("Fastest", "最速"),
    "recommend_no_login": ("No login", "ログイン不要"),
    "recommend_column_which": ("Which", "候補"),
    "recommend_column_variant": ("Variant", "バリアント"),
    "recommend_column_precision": ("Precision", "精度"),
    "recommend_column_memory": ("Memory", "メモリ"),
    "recommend_column_speed": ("Tokens/s", "トークン/秒"),
    "recommend_column_licence": ("Licence", "ライセンス"),
    "recommend_speed_note": (
        "Tokens/s is estimated from the bytes that are read for each token; {basis}.",
        "トークン/秒は、1 トークンごとに読むバイト数からの推定です。{basis}。",
    ),
    "recommend_login": ("{licence}, login", "{licence}(要ログイン)"),
    "recommend_instead": ("{because} {instead}", "{because}{instead}"),
    "none_code": (
        "No CodeGemma fits on {runtime}.",
        "{runtime} に収まる CodeGemma はありません。",
    ),
    "none_image": (
        "No Gemma that sees images fits on {runtime}; for text:",
        "{runtime} に収まる、画像を扱える Gemma はありません。テキスト用: ",
    ),
    "none_audio": (
        "No Gemma that hears audio fits on {runtime}; for text:",
        "{runtime} に収まる、音声を扱える Gemma はありません。テキスト用: ",
    ),
    "none_translation": (
        "No TranslateGemma fits on {runtime}; core Gemma translates too.",
        "{runtime} に収まる TranslateGemma はありません。コア Gemma でも翻訳はできます。",
    ),
    "none_functions": (
        "FunctionGemma does not fit on {runtime}.",
        "FunctionGemma は {runtime} に収まりません。",
    ),
    "none_safety": (
        "No ShieldGemma fits on {runtime}; for answers:",
        "{runtime} に収まる ShieldGemma はありません。回答用: ",
    ),
    "none_embedding": (
        "No embedding model fits on {runtime}; for answers:",
        "{runtime} に収まる埋め込みモデルはありません。回答用: ",
    ),
    "none_medical": (
        "No MedGemma fits on {runtime}; for general questions:",
        "{runtime} に収まる MedGemma はありません。一般的な質問用: ",
    ),
    "none_statistics": (
        "No DataGemma fits on {runtime} (it has 27 billion parameters); for general questions, "
        "without Data Commons:",
        "{runtime} に収まる DataGemma(パラメータ 270 億)はありません。一般的な質問用(Data Commons "
        "なし): ",
    ),
    "none_tuning": (
        "No core Gemma can be tuned in full precision on {runtime}; to run one:",
        "{runtime} で完全な精度でチューニングできるコア Gemma はありません。実行用: ",
    ),
}
