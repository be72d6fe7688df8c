"""Sentences of embeddings."""

TEXT = {
    "embed_wants_embedder": (
        "{name} makes no embeddings: embed() is for EmbeddingGemma, see "
        "gemma_nb.variants('EmbeddingGemma').",
        "{name} は埋め込みモデルではありません。embed() は EmbeddingGemma 用です。"
        "gemma_nb.variants('EmbeddingGemma') を見てください。",
    ),
    "embed_no_reply": (
        "{name} makes embeddings and writes no text: use embed(), or load a variant that answers.",
        "{name} は埋め込みモデルで、文章は生成できません。embed() を使うか、生成できるモデルを読み込んで"
        "ください。",
    ),
    "embed_task": (
        "There is no embedding task {task!r}: use one of {tasks}.",
        "埋め込みのタスクに {task!r} はありません。次のいずれかを指定してください: {tasks}",
    ),
    "embed_texts_type": (
        "texts is a {kind}: give a string, or a list of strings.",
        "texts が {kind} です。文字列、または文字列のリストを渡してください。",
    ),
    "embed_no_texts": (
        "There is no text to embed: give at least one.",
        "埋め込むテキストがありません。1 つ以上渡してください。",
    ),
    "embed_text_type": (
        "Text {index} is a {kind} that cannot be embedded: give a string, or for a document "
        "{{'text': …, 'title': …}}.",
        "{index} 番のテキスト（{kind}）は埋め込めません。文字列か、文書なら "
        "{{'text': …, 'title': …}} を渡してください。",
    ),
    "embed_empty": (
        "Text {index} is empty: leave it out, or give it some text.",
        "{index} 番のテキストが空です。取り除くか、内容を入れてください。",
    ),
    "embed_title": (
        "Text {index} has a title, which only documents have: pass task={document!r}.",
        "{index} 番のテキストに title がありますが、title は文書だけのものです。task={document!r} を指定して"
        "ください。",
    ),
    "embed_too_long": (
        "Text {index} has {tokens} tokens in its prompt, {over} more than max_length={max_length}: "
        "shorten or split it, or load the model with a larger max_length.",
        "{index} 番のテキストはプロンプトを含めて {tokens} トークンで、max_length={max_length} を {over} "
        "超えています。短くするか分割するか、max_length を大きくして読み込み直してください。",
    ),
    "embed_dimensions": (
        "dimensions is {value!r}: this model's vectors can have {sizes} numbers.",
        "dimensions が {value!r} です。このモデルのベクトルの次元は {sizes} です。",
    ),
}
