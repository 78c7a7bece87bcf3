"""L22: three questions to a network that does not learn."""

import engine
from engine import nn, optim
from engine.utils.data import DataLoader, TensorDataset

engine.set_default_dtype(engine.float64)


def debug_training(model, loader, criterion, optimizer):
    print("1. Can it learn one batch by heart?")
    x, y = next(iter(loader))
    for step in range(100):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            print(f"step {step}: loss {loss.item():.4f}")
    if loss.item() > 0.1:
        print("warning: not even one batch; look at the model and the learning rate")

    print("2. Do gradients reach every layer?")
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            size = parameter.grad.abs()  # signs cancel in a mean and leave rounding errors
            print(f"{name}: mean {size.mean():.6f}, std {size.std():.6f}, max {size.max():.6f}")

    print("3. Are units dead?")
    outputs = {}

    def keep(name):
        def hook(module, args, output):
            outputs[name] = output.detach()

        return hook

    handles = [
        module.register_forward_hook(keep(name))
        for name, module in model.named_modules()
        if isinstance(module, nn.ReLU | nn.GELU)
    ]
    with engine.no_grad():
        model(x)
    for name, output in outputs.items():
        zeros = 100 * (output == 0).double().mean()
        print(f"{name}: {zeros:.1f}% zeros")
        if zeros > 50:
            print("warning: more than half of the outputs are 0")
    for handle in handles:
        handle.remove()


def network():
    return nn.Sequential(
        nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3)
    )


engine.manual_seed(0)
inputs = engine.randn(90, 4)
loader = DataLoader(TensorDataset(inputs, inputs[:, :3].argmax(1)), batch_size=30, shuffle=True)

print("A healthy network")
model = network()
debug_training(model, loader, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02))
# -> 1. Can it learn one batch by heart?
# -> 2. Do gradients reach every layer?
# -> 3. Are units dead?

print("A network whose first layer is dead")
model = network()
nn.init.constant_(model[0].bias, -100.0)
debug_training(model, loader, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02))
# -> warning: not even one batch; look at the model and the learning rate
# -> 0.weight: mean 0.000000, std 0.000000, max 0.000000
# -> 1: 100.0% zeros
# -> warning: more than half of the outputs are 0
