"""L27: a data set of one's own, handed out in shuffled batches."""

import engine
from engine.utils.data import DataLoader, Dataset


class CustomDataset(Dataset):
    def __init__(self, data, labels):
        self.data = data
        self.labels = labels

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[index], self.labels[index]


engine.manual_seed(0)
data = engine.rand(100, 11)
labels = engine.randint(0, 2, (100,))
loader = DataLoader(CustomDataset(data, labels), batch_size=10, shuffle=True)
print(len(loader), "batches")  # -> 10 batches
for batch_data, batch_labels in loader:
    print(batch_data.shape, batch_labels.shape)  # -> torch.Size([10, 11]) torch.Size([10])
    print(batch_labels)
    print(batch_data[0])
    break

# A pass hands out every sample once, the next pass in another order.
numbers = DataLoader(CustomDataset(engine.arange(100), labels), batch_size=10, shuffle=True)
first, second = (engine.cat([batch for batch, _ in numbers]) for _ in range(2))
print("each sample once:", sorted(first.tolist()) == list(range(100)))  # -> each sample once: True
print("same order:", bool((first == second).all()))  # -> same order: False
print(first[:12].tolist(), second[:12].tolist())
