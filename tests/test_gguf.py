"""GGUF files: their headers, what of them is refused, and the tensors that are read."""

import struct
import time

import made_gguf
import numpy as np
import pytest
from made_gguf import ARRAY, STRING, UINT32, array, header, info, pair

import gemma_nb as gnb
from gemma_nb.catalog.gguf_header import read_gguf, split_files
from gemma_nb.catalog.gguf_metadata import GgufMetadata
from gemma_nb.errors import InvalidInput, LoadError

NAME = pair("general.architecture", STRING, made_gguf.text("gemma3"))

#: What is wrong -> the bytes of the file.
HOSTILE = {
    "empty": b"",
    "no magic": b"GGML" + bytes(100),
    "version 1": header(version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "ends in the counts": b"GGUF" + struct.pack("<I", 3) + bytes(3),
    "2^60 pairs": header([NAME], count=2**60),
    "2^60 tensors": header([NAME], tensors=2**60),
    "more pairs than there are": header([NAME], count=5),
    "a key of 2^63 bytes": header([struct.pack("<Q", 2**63) + b"x"]),
    "a text of 2^50 bytes": header([pair("a", STRING, struct.pack("<Q", 2**50))]),
    "2^40 strings": header([pair("a", ARRAY, array(STRING, 2**40))]),
    "2^62 numbers": header([pair("a", ARRAY, array(UINT32, 2**62))]),
    "numbers that are not there": header([pair("a", ARRAY, array(UINT32, 2**20))]),
    "arrays in arrays": header([pair("a", ARRAY, array(ARRAY, 1, array(UINT32, 0) * 9))]),
    "a value of type 99": header([pair("a", 99, b"1234")]),
    "no UTF-8": header([pair("a", STRING, struct.pack("<Q", 2) + b"\xff\xfe")]),
    "a key twice": header([NAME, NAME]),
    "alignment 3": header([NAME, pair("general.alignment", UINT32, struct.pack("<I", 3))]),
    "alignment 0": header([NAME, pair("general.alignment", UINT32, struct.pack("<I", 0))]),
    "5 dimensions": header([NAME], [info("t", (1, 1, 1, 1, 1))]),
    "2^32 dimensions": header([NAME], [info("t", (1,), dimensions=2**32 - 1)]),
    "a dimension of 0": header([NAME], [info("t", (0, 4))]),
    "a product beyond 2^64": header([NAME], [info("t", (2**40, 2**40, 2**40))]),
    "half a block": header([NAME], [info("t", (33, 4), kind=2)]),
    "a type that is not known": header([NAME], [info("t", (32,), kind=77)]),
    "a tensor twice": header([NAME], [info("t", (8,)), info("t", (8,), offset=32)]) + bytes(200),
    "an offset off the alignment": header([NAME], [info("t", (8,), offset=8)]) + bytes(200),
    "an offset outside": header([NAME], [info("t", (8,), offset=2**40)]) + bytes(200),
    "a tensor longer than the file": header([NAME], [info("t", (2**20, 2**20))]) + bytes(200),
    "two tensors in one place": header([NAME], [info("t", (8,)), info("u", (8,))]) + bytes(200),
    "split elsewhere": header([NAME, pair("split.count", UINT32, struct.pack("<I", 3))]),
    "fewer tensors than stated": header(
        [NAME, pair("split.tensors.count", UINT32, struct.pack("<I", 3))]
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_ends_in_a_load_error(kind, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(HOSTILE[kind])
    start = time.process_time()  # not of a clock that other processes slow down
    for read in (gnb.variant, gnb.load):
        with pytest.raises(LoadError) as caught:
            read(str(path))
        assert caught.value.message.key in {"gguf_broken", "fetch_bad_preset"}
        assert str(path) in str(caught.value) or path.name in str(caught.value)
    assert time.process_time() - start < 5


def test_a_huge_header_is_not_read_into_memory(tmp_path):
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        file.write(header([NAME], count=9))
        for i in range(5):
            file.write(pair(f"a{i}", STRING, struct.pack("<Q", 2**24)) + bytes(2**24))
        file.truncate(2**31)
    with pytest.raises(LoadError, match="64 MiB"):
        gnb.variant(path)


def test_the_files_of_a_split_model():
    assert split_files("a/b-00002-of-00003.gguf") == [
        f"a/b-0000{i}-of-00003.gguf" for i in (1, 2, 3)
    ]
    assert split_files("b-00001-of-00001.gguf") == ["b-00001-of-00001.gguf"]
    assert split_files("b-00001-of-99999.gguf") == ["b-00001-of-99999.gguf"]


def test_what_is_no_gemma_is_refused_by_its_name(tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(header([pair("general.architecture", STRING, made_gguf.text("llama\n"))]))
    with pytest.raises(InvalidInput, match=r"llama\?.*gemma3n"):
        gnb.variant(path)
    path.write_bytes(header([pair("general.architecture", STRING, made_gguf.text("clip"))]))
    with pytest.raises(InvalidInput, match="mmproj"):
        gnb.load(path)
    path.write_bytes(header([NAME]))
    with pytest.raises(LoadError, match="token_embd"):
        gnb.variant(path)


@pytest.mark.parametrize("name", ["nowhere.gguf", "no/where.gguf", "hf://org/x:../a.gguf",
                                  "hf://org:a.gguf", "hf://org/x/y:a.gguf"])  # fmt: skip
def test_a_file_that_is_not_there_is_said_so(name):
    for read in (gnb.variant, gnb.load):
        with pytest.raises((InvalidInput, LoadError)):
            read(name)


def test_a_file_of_a_hub_names_the_repository():
    from gemma_nb.hub.sources import find_source

    source = find_source("hf://org/name@v1.0:Q4/model-00001-of-00002.gguf")
    assert (source.handle, source.version) == ("org/name", "v1.0")
    assert source.file == "Q4/model-00001-of-00002.gguf"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A tiny Gemma 3's file, the model and its tokenizer."""
    path = tmp_path_factory.mktemp("made") / "tiny-it.gguf"
    return path, *made_gguf.export_tiny_gemma3(path)


@pytest.mark.slow
def test_the_header_equals_that_of_llama_cpps_reader(made):
    import gguf

    path = made[0]
    model, reader = read_gguf(path), gguf.GGUFReader(path)
    fields = {k: f.contents() for k, f in reader.fields.items() if not k.startswith("GGUF.")}
    assert model.metadata == fields
    theirs = [(t.name, tuple(t.shape[::-1].tolist()), t.tensor_type.name, t.data_offset, t.n_bytes)
              for t in reader.tensors]  # fmt: skip
    assert [(t.name, t.shape, t.type, t.offset, t.size) for t in model.tensors.values()] == theirs


@pytest.mark.slow
def test_a_variant_is_described_by_the_header_alone(made, tmp_path):
    path = made[0]
    variant = gnb.variant(path)
    assert variant.parameters == made[1].backbone.count_params()
    assert (variant.tuning, variant.prompt_format, variant.base) == ("IT", "turns", "3")
    assert (variant.stored_type, variant.context_length) == ("F32", 256)
    assert gnb.advise(str(path), "bfloat16", max_length=256).fits
    from gemma_nb.hub.local_tokenizer import find_local_tokenizer

    tokenizer = find_local_tokenizer(str(path))
    assert tokenizer.of == variant
    assert tokenizer.vocabulary.size == made[2].vocabulary_size()
    (path.parent / "mmproj-F16.gguf").write_bytes(b"")
    assert gnb.variant(path).unread_files == ("mmproj-F16.gguf",)
    (path.parent / "mmproj-F16.gguf").unlink()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"keys": {"gemma3.rope.freq_base": 5.0}}, "gemma3.rope.freq_base"),
        ({"keys": {"gemma3.rope.scaling.type": "yarn", "gemma3.rope.scaling.factor": 2.0}}, "yarn"),
        ({"keys": {"gemma3.attention.sliding_window_pattern": 2}}, "sliding_window_pattern"),
        ({"keys": {"gemma3.attn_logit_softcapping": 30.0}}, "attn_logit_softcapping"),
        ({"keys": {"gemma3.new_thing": 1}}, "gemma3.new_thing"),
        ({"keys": {"gemma3.block_count": None}}, "gemma3.block_count"),
        ({"keys": {"gemma3.block_count": 5}}, r"blk\.5\."),
        ({"extra": {"output.weight": np.zeros((700, 32), "float32")}}, "output.weight"),
        ({"extra": {"blk.0.attn_q.bias": np.zeros(32, "float32")}}, "attn_q.bias"),
    ],
)
def test_what_kerashub_cannot_hold_is_refused_by_its_name(made, tmp_path, changes, named):
    path = made_gguf.lacking(made[0], tmp_path / "other.gguf", **changes)
    with pytest.raises((InvalidInput, LoadError), match=named):
        gnb.variant(path)


@pytest.mark.slow
def test_a_missing_or_misshapen_tensor_ends_the_load(made, tmp_path):
    path = made_gguf.lacking(made[0], tmp_path / "a.gguf", without=["blk.1.ffn_up.weight"])
    with pytest.raises(LoadError, match=r"blk\.1\.ffn_up"):
        gnb.load(path, "float32", 32, progress=False)
    odd = {"blk.1.ffn_up.weight": np.zeros((32, 48), "float32")}
    path = made_gguf.lacking(made[0], tmp_path / "b.gguf", without=odd, extra=odd)
    with pytest.raises(LoadError, match=r"shape of 'blk\.1\.ffn_up"):
        gnb.load(path, "float32", 32, progress=False)


@pytest.mark.slow
def test_a_split_model_answers_as_the_whole_one(made, tmp_path):
    parts = made_gguf.split(made[0], tmp_path, 20)
    assert len(parts) > 3
    whole = gnb.load(made[0], "float32", 64, progress=False)
    expected = whole.generate("fox", 8, temperature=0)
    whole.unload()
    model = gnb.load(parts[1], "float32", 64, progress=False)  # any of its files
    assert model.generate("fox", 8, temperature=0) == expected
    model.unload()
    parts[2].unlink()
    with pytest.raises(LoadError, match=parts[2].name):
        gnb.load(parts[0])


@pytest.mark.slow
def test_progress_tells_what_is_read_in_another_form(made):
    steps = []
    (made[0].parent / "mmproj-F16.gguf").write_bytes(b"")
    gnb.load(made[0], "float32", 64, progress=steps.append).unload()
    (made[0].parent / "mmproj-F16.gguf").unlink()
    notes = [step.note for step in steps if step.note]
    assert any("F32" in note and "float32" in note for note in notes), notes
    assert any("mmproj-F16.gguf" in note for note in notes), notes


@pytest.mark.slow
def test_a_damaged_file_is_read_or_refused(made, tmp_path):
    """Bytes of a header changed at random: the file is read, or an error of ours names it."""
    raw = bytearray(made[0].read_bytes())
    length = min(t.offset for t in read_gguf(made[0]).tensors.values())
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.gguf"
    refused = 0
    for _ in range(150):
        copy = bytearray(raw)
        for at in rng.integers(0, length, 3):
            copy[at] = rng.integers(0, 256)
        path.write_bytes(copy)
        try:
            gnb.variant(path)
        except (InvalidInput, LoadError):
            refused += 1
        path.unlink()
    assert refused > 10


@pytest.mark.slow
def test_every_type_is_unpacked_row_by_row(tmp_path):
    import gguf

    from gemma_nb.loading.gguf_names import GgufName
    from gemma_nb.loading.gguf_weights import StoredGgufTensor

    rng = np.random.default_rng(0)
    kinds = {}
    writer = gguf.GGUFWriter(str(tmp_path / "types.gguf"), "gemma3")
    for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
        raw = rng.integers(0, 60, (6, 2 * 256 // block * size), dtype=np.uint8)
        try:
            values = gguf.quants.dequantize(raw, kind)
        except NotImplementedError:
            continue
        kinds[kind.name] = values
        writer.add_tensor(kind.name, raw, raw_dtype=kind)
    made_gguf.finish(writer)
    assert {"F32", "F16", "BF16", "Q4_0", "Q8_0", "Q4_K", "Q6_K", "IQ4_XS"} <= kinds.keys()
    model = read_gguf(tmp_path / "types.gguf")
    for name, values in kinds.items():
        stored = StoredGgufTensor(
            model, tmp_path / "types.gguf", model.tensors[name], GgufName(name, shift=1.0)
        )
        np.testing.assert_array_equal(stored[:], values - np.float32(1), err_msg=name)
        np.testing.assert_array_equal(stored[2:5], values[2:5] - np.float32(1), err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["GemmaTokenizer", "Gemma3Tokenizer", "Gemma4Tokenizer"])
def test_the_vocabulary_is_rebuilt_exactly(name, made, tmp_path):
    import gguf
    import prompt_helpers
    from sentencepiece import sentencepiece_model_pb2

    from gemma_nb.catalog.gguf_vocabulary import gguf_vocabulary
    from gemma_nb.loading.export_gguf import _add_vocabulary

    proto = prompt_helpers.proto(name)
    writer = gguf.GGUFWriter(str(tmp_path / "v.gguf"), "gemma3")
    _add_vocabulary(writer, proto, [1])
    made_gguf.finish(writer)
    classes = sentencepiece_model_pb2.ModelProto
    ours = classes.FromString(gguf_vocabulary(read_gguf(tmp_path / "v.gguf")))
    theirs = classes.FromString(proto)
    for mine, other in zip(ours.pieces, theirs.pieces, strict=True):
        assert (mine.piece, mine.score) == (other.piece, other.score)
        assert mine.type == other.type, mine.piece
    assert not ours.normalizer_spec.add_dummy_prefix


def test_the_keys_that_are_not_asked_for_are_refused():
    from gemma_nb.catalog.gguf_header import GgufModel

    metadata = {"general.architecture": "gemma3", "gemma3.a": 1, "gemma3.context_length": 8}
    data = GgufMetadata(GgufModel("x", metadata, {}, ("x",)))
    with pytest.raises(InvalidInput, match=r"gemma3\.a"):
        data.check_all_known()
    assert data.count("a") == 1
    data.check_all_known()
