"""Write tests/torch_vectors.json: what the lines of PyTorch in book/pytorch.md come to.

Nothing else needs PyTorch. Run this by a Python that has it (Debian's package is python3-torch)
after a change of such a line:

    /usr/bin/python3 tools/torch_vectors.py
"""

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "book/pytorch.md"
VECTORS = ROOT / "tests/torch_vectors.json"
INPUTS = {
    "weights": [[[2.0, -1.5], [1.0, 3.0]], [0.5, -2.0]],
    "gradients": [  # of three steps; a large one, and one so small that epsilon shows
        [[[0.3, -0.7], [0.1, 0.01]], [0.9, -0.2]],
        [[[-0.4, 0.2], [0.3, 0.02]], [4.0, 0.6]],
        [[[0.1, 0.5], [-0.2, -0.01]], [0.0, -1.1]],
    ],
    "x": [[0.1, -2.0, 1.5], [0.4, 0.5, -0.5], [-1.2, 3.0, 0.01], [0.02, 0.03, -0.01]],
    "labels": [2, 0, 1, 2],
    "rate": 0.1,  # with which a schedule begins
}


def blocks() -> list[list[str]]:
    """The statements of each block of Python in the page."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return [[ast.unparse(statement) for statement in ast.parse(block).body] for block in found]


def pairs() -> list[tuple[str, str]]:
    """PyTorch's line and the one of Keras: the blocks of two statements."""
    return [(block[0], block[1]) for block in blocks() if len(block) == 2]


def value(line: str) -> list[float]:
    """What a line of PyTorch comes to on the inputs."""
    import torch

    torch.manual_seed(0)
    params = [torch.tensor(w, requires_grad=True) for w in INPUTS["weights"]]
    plain = torch.optim.SGD(params, lr=INPUTS["rate"])
    names = {"torch": torch, "params": params, "optimizer": plain}

    def weights(optimizer, clip="None"):
        for gradients in INPUTS["gradients"]:
            for param, gradient in zip(params, gradients, strict=True):
                param.grad = torch.tensor(gradient)
            eval(clip, names)
            optimizer.step()
        return params

    x, labels = torch.tensor(INPUTS["x"]), torch.tensor(INPUTS["labels"])
    if "clip_grad" in line:
        return flat(weights(torch.optim.SGD(params, lr=1.0), clip=line))
    made = eval(line, names)
    if isinstance(made, torch.optim.Optimizer):
        return flat(weights(made))
    if hasattr(made, "get_last_lr"):
        return rates(plain, made)
    if isinstance(made, torch.nn.Linear):
        return spread(made.weight) + spread(made.bias)
    if isinstance(made, torch.Tensor):
        return spread(made)
    if isinstance(made, torch.nn.modules.loss._Loss):
        return flat([made(x, labels)])
    statistics = [made.running_mean, made.running_var] if hasattr(made, "running_var") else []
    return flat([made(x), *statistics])


def rates(optimizer, scheduler) -> list[float]:
    """The learning rate of steps 0 to 8."""
    found = scheduler.get_last_lr()
    for _ in range(8):
        optimizer.step()
        scheduler.step()
        found += scheduler.get_last_lr()
    return found


def flat(tensors) -> list[float]:
    return [float(v) for tensor in tensors for v in tensor.detach().numpy().ravel()]


def spread(tensor) -> list[float]:
    """Of random numbers, the standard deviation."""
    return [float(tensor.detach().numpy().std())]


def run_loop(lines: list[str]) -> None:
    """Run the page's loop, on anything that fits: it must not raise."""
    import torch

    model = torch.nn.Linear(3, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    x_valid, y_valid = torch.tensor(INPUTS["x"]), torch.tensor(INPUTS["labels"])
    loader, epochs = [(x_valid, y_valid)], 2
    exec("\n".join(lines), locals())


def main() -> None:
    import torch

    for block in blocks():
        if len(block) != 2:
            run_loop(block)
    values = [f"{json.dumps(line)}: {json.dumps(value(line))}" for line, _ in pairs()]
    version, listed = json.dumps(torch.__version__), ",\n".join(values)
    inputs = json.dumps(INPUTS)
    text = f'{{"torch": {version},\n"inputs": {inputs},\n"values": {{\n{listed}\n}}}}\n'
    VECTORS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
