"""TranslateGemma: each user turn is an instruction, built from the languages of its content part.

Sources: https://huggingface.co/google/translategemma-4b-it (the form of the content part) and its
chat template (the wording, and the names of the languages).
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formats.turns import CLOSE, OPEN, PLACEHOLDERS
from gemma_nb.prompts.lint import Finding, check_tags, check_turns, warning
from gemma_nb.prompts.messages import (
    ContentPart,
    PromptRequest,
    Turn,
    check_alternation,
    refuse_extras,
    refuse_media,
    refuse_system,
)
from gemma_nb.prompts.prompt import Part, ReplyMarkup

_GOAL = (
    "You are a professional {source} ({source_code}) to {target} ({target_code}) translator. Your "
    "goal is to accurately convey the meaning and nuances of the original {source} text while "
    "adhering to {target} grammar, vocabulary, and cultural sensitivities.\n"
)
_TEXT = (
    "Produce only the {target} translation, without any additional explanations or commentary. "
    "Please translate the following {source} text into {target}:\n\n\n"
)
_IMAGE = (
    "Please translate the {source} text in the provided image into {target}. Produce only the "
    "{target} translation, without any additional explanations, alternatives or commentary. Focus "
    "only on the text, do not output where the text is located, surrounding objects or any other "
    "explanation about the picture. Ignore symbols, pictogram, and arrows!\n\n\n"
)


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>", CLOSE), hidden_tokens=(OPEN, *PLACEHOLDERS.values()))


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    yield from check_tags(text, (OPEN, CLOSE, *PLACEHOLDERS.values()))
    yield from check_turns(text, OPEN, CLOSE, ("user", "model"))
    if "You are a professional " not in text:
        yield warning(0, "lint_no_languages", variant=variant.name)


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt.

    Raises:
        InvalidInput: a user turn is not one text or image with its two languages, or the
            conversation contains what the format does not accept.
    """
    refuse_extras(request)
    refuse_system(request)
    refuse_media(request, PLACEHOLDERS)
    check_alternation(request.turns)
    for turn in request.turns:
        if turn.role == "user":
            yield Part(f"{OPEN}user\n", by_format=True)
            yield from _instruction(turn, request.variant)
        else:
            yield Part(f"{OPEN}model\n", by_format=True)
            yield Part(turn.text.strip())
        yield Part(f"{CLOSE}\n", by_format=True)
    yield Part(f"{OPEN}model\n", by_format=True)


def _instruction(turn: Turn, variant: Variant) -> Iterator[Part]:
    if len(turn.items) != 1:
        raise InvalidInput("prompt_translate_one", variant=variant.name)
    (item,) = turn.items
    languages = {
        "source": _language(item, "source_lang_code", variant),
        "target": _language(item, "target_lang_code", variant),
        "source_code": _code(item, "source_lang_code"),
        "target_code": _code(item, "target_lang_code"),
    }
    yield Part(_GOAL.format(**languages), by_format=True)
    if item.medium:
        yield Part(_IMAGE.format(**languages), by_format=True)
        yield Part(PLACEHOLDERS["image"], by_format=True, medium=item.medium)
    else:
        yield Part(_TEXT.format(**languages), by_format=True)
        yield Part(item.text.strip())


def _code(item: ContentPart, key: str) -> str:
    return str(item.fields.get(key) or "").replace("_", "-")


def _language(item: ContentPart, key: str, variant: Variant) -> str:
    """The English name of a language. A region or a script does not change it."""
    code = _code(item, key)
    if not code:
        raise InvalidInput("prompt_translate_codes", variant=variant.name, missing=key)
    name = LANGUAGES.get(code.split("-")[0].lower())
    if not name or not all(s.isascii() and s.isalnum() for s in code.split("-")):
        raise InvalidInput("prompt_translate_language", code=code, codes=", ".join(LANGUAGES))
    return name


#: English names of languages by their code, as the prompts name them. Source: the table in the chat
#: template of google/translategemma-4b-it on Hugging Face ("es" to "zu" were compared with a copy of
#: it; "aa" to "eo" are the names of ISO 639-1). A region or script after the code ("pt-BR",
#: "zh-Hant") does not change the name there.
LANGUAGES = {
    "aa": "Afar",
    "ab": "Abkhazian",
    "af": "Afrikaans",
    "ak": "Akan",
    "am": "Amharic",
    "an": "Aragonese",
    "ar": "Arabic",
    "as": "Assamese",
    "az": "Azerbaijani",
    "ba": "Bashkir",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bm": "Bambara",
    "bn": "Bengali",
    "bo": "Tibetan",
    "br": "Breton",
    "bs": "Bosnian",
    "ca": "Catalan",
    "ce": "Chechen",
    "co": "Corsican",
    "cs": "Czech",
    "cv": "Chuvash",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "dv": "Divehi",
    "dz": "Dzongkha",
    "ee": "Ewe",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "ff": "Fulah",
    "fi": "Finnish",
    "fil": "Filipino",
    "fo": "Faroese",
    "fr": "French",
    "fy": "Western Frisian",
    "ga": "Irish",
    "gd": "Scottish Gaelic",
    "gl": "Galician",
    "gn": "Guarani",
    "gu": "Gujarati",
    "gv": "Manx",
    "ha": "Hausa",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "ht": "Haitian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "ia": "Interlingua",
    "id": "Indonesian",
    "ie": "Interlingue",
    "ig": "Igbo",
    "ii": "Sichuan Yi",
    "ik": "Inupiaq",
    "io": "Ido",
    "is": "Icelandic",
    "it": "Italian",
    "iu": "Inuktitut",
    "ja": "Japanese",
    "jv": "Javanese",
    "ka": "Georgian",
    "ki": "Kikuyu",
    "kk": "Kazakh",
    "kl": "Kalaallisut",
    "km": "Central Khmer",
    "kn": "Kannada",
    "ko": "Korean",
    "ks": "Kashmiri",
    "ku": "Kurdish",
    "kw": "Cornish",
    "ky": "Kyrgyz",
    "la": "Latin",
    "lb": "Luxembourgish",
    "lg": "Ganda",
    "ln": "Lingala",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lu": "Luba-Katanga",
    "lv": "Latvian",
    "mg": "Malagasy",
    "mi": "Maori",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "mr": "Marathi",
    "ms": "Malay",
    "mt": "Maltese",
    "my": "Burmese",
    "nb": "Norwegian Bokmål",
    "nd": "North Ndebele",
    "ne": "Nepali",
    "nl": "Dutch",
    "nn": "Norwegian Nynorsk",
    "no": "Norwegian",
    "nr": "South Ndebele",
    "nv": "Navajo",
    "ny": "Chichewa",
    "oc": "Occitan",
    "om": "Oromo",
    "or": "Oriya",
    "os": "Ossetian",
    "pa": "Punjabi",
    "pl": "Polish",
    "ps": "Pashto",
    "pt": "Portuguese",
    "qu": "Quechua",
    "rm": "Romansh",
    "rn": "Rundi",
    "ro": "Romanian",
    "ru": "Russian",
    "rw": "Kinyarwanda",
    "sa": "Sanskrit",
    "sc": "Sardinian",
    "sd": "Sindhi",
    "se": "Northern Sami",
    "sg": "Sango",
    "si": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sn": "Shona",
    "so": "Somali",
    "sq": "Albanian",
    "sr": "Serbian",
    "ss": "Swati",
    "st": "Southern Sotho",
    "su": "Sundanese",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "tg": "Tajik",
    "th": "Thai",
    "ti": "Tigrinya",
    "tk": "Turkmen",
    "tl": "Tagalog",
    "tn": "Tswana",
    "to": "Tonga",
    "tr": "Turkish",
    "ts": "Tsonga",
    "tt": "Tatar",
    "ug": "Uyghur",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "ve": "Venda",
    "vi": "Vietnamese",
    "vo": "Volapük",
    "wa": "Walloon",
    "wo": "Wolof",
    "xh": "Xhosa",
    "yi": "Yiddish",
    "yo": "Yoruba",
    "za": "Zhuang",
    "zh": "Chinese",
    "zu": "Zulu",
}
