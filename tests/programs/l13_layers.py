"""L13: the five kinds of layers, and what each costs."""

import engine
from engine import nn

engine.manual_seed(0)


def show(kind, layer):
    parameters = sum(p.numel() for p in layer.parameters())
    print(f"{kind}: {parameters:,}")
    for name, parameter in layer.named_parameters():
        first = parameter.detach().flatten()[:3].tolist()
        print(f"    {name} {tuple(parameter.shape)}", *(f"{x:.4f}" for x in first))


show("Linear", nn.Linear(in_features=256, out_features=128))
# -> Linear: 32,896
show("Conv2d", nn.Conv2d(in_channels=3, out_channels=64, kernel_size=3, padding=1))
# -> Conv2d: 1,792
show("LSTM", nn.LSTM(input_size=256, hidden_size=512, num_layers=2, batch_first=True))
# -> LSTM: 3,678,208
show("Embedding", nn.Embedding(num_embeddings=50000, embedding_dim=768))
# -> Embedding: 38,400,000
show("MultiheadAttention", nn.MultiheadAttention(embed_dim=512, num_heads=8))
# -> MultiheadAttention: 1,050,624
