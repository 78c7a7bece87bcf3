"""L7: super().__init__() runs what the parent class needs. Without it a Module refuses layers."""

from engine import nn


class Parent:
    def __init__(self):
        print("Parent is ready")


class Child(Parent):
    def __init__(self):
        super().__init__()
        print("Child is ready")


Child()
# -> Parent is ready
# -> Child is ready


class Forgetful(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(2, 1)


class Careful(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)


for model_class in (Forgetful, Careful):
    try:
        print(model_class.__name__, len(list(model_class().parameters())), "parameters")
    except AttributeError as error:
        print(model_class.__name__, "raises", type(error).__name__)
# -> Forgetful raises AttributeError
# -> Careful 2 parameters
