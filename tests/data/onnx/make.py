"""Makes the tiny models beside this file: real graphs with no weights, for the conventions that published models follow.

Run with the Python packages `onnx` and `numpy`: python3 make.py
"""

import pathlib

import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper
import numpy as np

HERE = pathlib.Path(__file__).parent


def save(name, nodes, inputs, outputs, constants=()):
    ports = lambda specs: [helper.make_tensor_value_info(*spec) for spec in specs]
    constants = [numpy_helper.from_array(np.array(value), key) for key, value in constants]
    graph = helper.make_graph(nodes, name, ports(inputs), ports(outputs), constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="xnai")
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")


def voice(name, tokens, sound, speed_type):
    """Samples = tokens / 200 / speed: what was asked can be read off the sound. The style is only taken."""
    nodes = [
        helper.make_node("Cast", [tokens], ["t"], to=T.FLOAT),
        helper.make_node("Cast", ["speed"], ["s"], to=T.FLOAT),
        helper.make_node("Mul", ["s", "scale"], ["d"]),
        helper.make_node("Div", ["t", "d"], ["rows"]),
        helper.make_node("ReduceSum", ["style"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], [sound]),
    ]
    inputs = [(tokens, T.INT64, [1, "n"]), ("style", T.FLOAT, [1, 256]), ("speed", speed_type, [1])]
    constants = [("scale", np.float32(200)), ("zero", np.float32(0))]
    save(name, nodes, inputs, [(sound, T.FLOAT, [1, "n"])], constants)


def embedder(name):
    """A token's vector is (its number, 1000): no pooling inside, no token types."""
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=T.FLOAT),
        helper.make_node("Unsqueeze", ["ids", "last"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["zeros"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=T.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["ones"]),
        helper.make_node("Mul", ["ones", "thousand"], ["thousands"]),
        helper.make_node("Add", ["zeros", "thousands"], ["second"]),
        helper.make_node("Concat", ["column", "second"], ["last_hidden_state"], axis=-1),
    ]
    inputs = [(n, T.INT64, [1, "n"]) for n in ("input_ids", "attention_mask")]
    constants = [("last", np.array([-1], np.int64)), ("zero", np.float32(0)), ("thousand", np.float32(1000))]
    save(name, nodes, inputs, [("last_hidden_state", T.FLOAT, [1, "n", 2])], constants)


voice("voice-tokens", "tokens", "audio", T.FLOAT)
voice("voice-input-ids-whole-speed", "input_ids", "waveform", T.INT32)
embedder("embedder-unpooled")
