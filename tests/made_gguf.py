"""GGUF files for tests: written with llama.cpp's own package, and damaged on purpose."""

import struct

import prompt_helpers
import tiny

STRING, ARRAY, UINT32, UINT8 = 8, 9, 4, 0


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key, kind, value):
    """One key-value pair whose value is bytes already."""
    return text(key) + struct.pack("<I", kind) + value


def header(pairs=(), infos=(), *, magic=b"GGUF", version=3, tensors=None, count=None):
    """The bytes of a file; the numbers of pairs and tensors may lie."""
    counts = len(infos) if tensors is None else tensors, len(pairs) if count is None else count
    return b"".join([magic, struct.pack("<IQQ", version, *counts), *pairs, *infos])


def info(name, shape, kind=0, offset=0, dimensions=None):
    """One tensor of the list; ``shape`` in the file's order."""
    count = len(shape) if dimensions is None else dimensions
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", count, *shape, kind, offset)


def array(item, count, raw=b""):
    return struct.pack("<IQ", item, count) + raw


def lacking(path, out, *, without=(), keys=None, extra=None, architecture=None):
    """A copy of a file without some tensors or with other keys, written by ``GGUFWriter``.

    Args:
        path: the file.
        out: the copy.
        without: names of tensors that are left out.
        keys: key -> a new value, None to leave it out.
        extra: tensors that are added, by name.
        architecture: another architecture.
    """
    import gguf

    reader = gguf.GGUFReader(path)
    keys = dict(keys or {})
    name = architecture or reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(str(out), name)
    copy_fields(reader, writer, keys)
    for tensor in reader.tensors:
        if tensor.name not in without:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for name, values in (extra or {}).items():
        writer.add_tensor(name, values)
    finish(writer)
    return out


def copy_fields(reader, writer, keys):
    """Copies the key-value pairs, changed by ``keys``."""
    import gguf

    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in keys or key == "general.architecture":
            continue
        value, kind = field.contents(), field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, value, kind, sub_type=sub)
    for key, value in keys.items():
        if value is None:
            continue
        kind = gguf.GGUFValueType.get_type(value)
        if kind == gguf.GGUFValueType.INT32 and not isinstance(value, list):
            kind = gguf.GGUFValueType.UINT32
        writer.add_key_value(key, value, kind)


def split(path, folder, tensors):
    """Writes a file anew in parts of ``tensors`` tensors each; returns the parts."""
    import gguf

    reader = gguf.GGUFReader(path)
    name = reader.fields["general.architecture"].contents()
    out = folder / "model.gguf"
    writer = gguf.GGUFWriter(str(out), name, split_max_tensors=tensors)
    copy_fields(reader, writer, {})
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    finish(writer)
    return sorted(folder.glob("model-*.gguf"))


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def export_tiny_gemma3(path):
    """Exports a tiny Gemma 3 in float32, wide enough for every ggml type; returns it and its tokenizer."""
    from gemma_nb.loading.export import export_model

    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    lm = tiny.gemma3(vocabulary=tokenizer.vocabulary_size())
    variant = prompt_helpers.variant("turns", modalities=("text",), context_length=256)
    export_model(lm, tokenizer, variant, path, "gguf", "float32")
    return lm, tokenizer
