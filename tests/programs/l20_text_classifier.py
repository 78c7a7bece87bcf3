"""L20: a bidirectional LSTM reads "not bad" and "not good". A bag of words cannot.

Each sentence has eight words: one "good", one "bad", one "not" in front of one of the two, and
fillers between. It is positive if "bad" is negated. Both classes hold the same words.
"""

import engine
from engine import nn, optim

GOOD, BAD, NOT, VOCABULARY = 0, 1, 2, 30

engine.set_default_dtype(engine.float64)


class TextClassifier(nn.Module):
    def __init__(self, vocab_size, embed_dim, hidden_dim, num_classes):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.lstm = nn.LSTM(embed_dim, hidden_dim, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(2 * hidden_dim, num_classes)

    def forward(self, x):
        embedded = self.embedding(x)  # (B, T, embed_dim)
        _, (hidden, _) = self.lstm(embedded)
        both_ends = engine.cat([hidden[-2], hidden[-1]], dim=-1)  # (B, 2 hidden_dim)
        return self.classifier(both_ends)


class BagOfWords(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_classes):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.classifier = nn.Linear(embed_dim, num_classes)

    def forward(self, x):
        return self.classifier(self.embedding(x).mean(1))  # the order of words is lost here


def sentences(count):
    """Word numbers (count, 8) and labels: 1 where "not" stands before "bad"."""
    words = engine.randint(NOT + 1, VOCABULARY, (count, 8))
    labels = engine.randint(0, 2, (count,))
    early, late = engine.randint(1, 4, (count,)), engine.randint(5, 8, (count,))
    good = engine.where(engine.randint(0, 2, (count,)) == 1, early, late)
    bad = early + late - good
    row = engine.arange(count)
    words[row, good] = GOOD
    words[row, bad] = BAD
    words[row, engine.where(labels == 1, bad, good) - 1] = NOT
    return words, labels


def accuracy(model, words, labels):
    with engine.no_grad():
        return (model(words).argmax(1) == labels).double().mean().item()


def train(model, words, labels, epochs, lr):
    optimizer = optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        loss = nn.CrossEntropyLoss()(model(words), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 20 == 0:
            print(f"    epoch {epoch}: loss {loss.item():.4f}")


engine.manual_seed(0)
seen, unseen = sentences(400), sentences(400)
lstm = TextClassifier(VOCABULARY, embed_dim=16, hidden_dim=16, num_classes=2)
print(tuple(lstm(seen[0]).shape))  # -> (400, 2)
train(lstm, *seen, epochs=80, lr=0.02)
print(f"LSTM: {accuracy(lstm, *unseen):.0%} of unseen sentences")
# -> LSTM: 100% of unseen sentences
bag = BagOfWords(VOCABULARY, embed_dim=16, num_classes=2)
train(bag, *seen, epochs=80, lr=0.02)
print(f"bag of words: {accuracy(bag, *unseen):.0%} of unseen sentences")
# -> bag of words: 52% of unseen sentences
